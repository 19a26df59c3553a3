"""The recording stage: see that the phone company records the call, and learn what became of it."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import calls, recordings, stages
from db.costs import BY_REST
from db.engine import Database
from db.models import CallLog
from db.recordings import RecordingFacts
from db.words import FINAL_CALL_STATUSES, Outcome, RecordingMode, Stage
from jobs.facts import call_facts, recording_facts
from jobs.keeper import Held
from jobs.pace import Pace
from jobs.pipeline import Later, Settle, Trade
from providers.errors import Unavailable
from providers.telephony import CallInfo, NotEligible, RecordingInfo, Telephony

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.5
"""Error 21220 means too early just after the call came in: look again after 1-2 s."""

LOOK_FOR_SECONDS = 15

NEVER_FINISHED = "the phone company never finished the recording"
SAID_BY = "start"


class Record(Trade):
    """Looks before it starts anything: a second recording of a call costs money and helps nobody.

    It asks again every `on_the_line` seconds while the call is on, and at this pace once it has ended.
    """

    stage = Stage.RECORDING
    longest = 300

    def __init__(
        self,
        telephony: Telephony,
        database: Database,
        pace: Pace,
        *,
        on_the_line: float,
        callback: str,
        may_start: bool,
    ) -> None:
        self._telephony, self._database = telephony, database
        self._pace, self._on_the_line = pace, on_the_line
        self._callback, self._may_start = callback, may_start

    def work(self, held: Held) -> Settle:
        """Look every 1-2 s until the recording runs, the call is over, or 15 s have passed."""
        deadline = time.monotonic() + LOOK_FOR_SECONDS
        looks_on_the_line = 0
        while True:
            is_last = time.monotonic() > deadline
            try:
                info = self._telephony.call(held.claim.call_sid)
                looks_on_the_line += info.status == "in-progress"
                settle = self._look(info, looks_on_the_line)
            except Unavailable as error:
                if is_last or error.reason != "phone_company":
                    raise  # a passing fault must not cost a call that is on its first minute
                settle = None
            if settle or is_last:
                return settle or partial(self._ask_later, info)
            held.renew()
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self, info: CallInfo, looks_on_the_line: int) -> Settle | None:
        """What is to be written, or None while there is nothing to tell yet."""
        found = self._telephony.recordings(info.call_sid)
        if found:
            return partial(self._take_in, info, found)
        if info.status in FINAL_CALL_STATUSES:
            return partial(self._settle_without, info)
        if not self._is_to_start(info.call_sid, looks_on_the_line):
            return None
        started = self._start(info.call_sid)
        return partial(self._take_in_own, started) if started else None

    def _is_to_start(self, call_sid: str, looks_on_the_line: int) -> bool:
        """Where TwiML starts the recording, or the call itself was to be recorded, the first look may have come a
        moment too early: look once more."""
        if not self._may_start or not looks_on_the_line:
            return False
        with self._database.transaction() as session:
            mode = session.scalar(select(CallLog.recording_mode).where(CallLog.call_sid == call_sid))
        return looks_on_the_line > 1 or mode not in (RecordingMode.TWIML, RecordingMode.CALL_RECORD)

    def _start(self, call_sid: str) -> RecordingInfo | None:
        try:
            return self._telephony.start_recording(call_sid, self._callback)
        except NotEligible:
            log_event(log, logging.DEBUG, "RECORDING_ALREADY_RUNNING", call_sid=call_sid)
            return None

    def _take_in_own(self, started: RecordingInfo, session: Session, call: CallLog) -> Later | None:
        """The recording that we have just started."""
        call.recording_mode = RecordingMode.API
        self._tell(session, call, replace(self._facts(started), source=BY_REST))
        return self._later(session, call)

    def _take_in(self, info: CallInfo, found: Sequence[RecordingInfo], session: Session, call: CallLog) -> Later | None:
        """Tell the database what the phone company has."""
        calls.tell(session, call_facts(info), ask_after=self._pace.base)
        for facts in map(self._facts, found):
            self._tell(session, call, facts)
        return self._later(session, call)

    def _tell(self, session: Session, call: CallLog, facts: RecordingFacts) -> None:
        if recordings.tell(session, call, facts, said_by=SAID_BY, ask_after=self._pace.base):
            recordings.log_start(call, facts)
        else:
            log_event(log, logging.DEBUG, "RECORDING_ALREADY_RUNNING", call_sid=call.call_sid)

    def _facts(self, info: RecordingInfo) -> RecordingFacts:
        return recording_facts(info, self._telephony.url_of(info.recording_sid))

    def _settle_without(self, info: CallInfo, session: Session, call: CallLog) -> None:
        calls.tell(session, call_facts(info), ask_after=self._pace.base)
        stages.stop_looking(session, call, said_by=SAID_BY)

    def _ask_later(self, info: CallInfo, session: Session, call: CallLog) -> Later | None:
        calls.tell(session, call_facts(info), ask_after=self._pace.base)
        return self._later(session, call)

    def _later(self, session: Session, call: CallLog) -> Later | None:
        """Ask again until the call and its recording have ended; ever more rarely, and not for ever."""
        has_hung_up, has_recording_ended = call.call_status in FINAL_CALL_STATUSES, stages.has_recording_ended(call)
        if has_hung_up and has_recording_ended:
            stages.stop_looking(session, call, said_by=SAID_BY)  # where none of what is there is the call's own
            return None
        if not has_hung_up:
            return Later(self._on_the_line)
        delay = self._pace.while_unfinished(calls.seconds_since_end(session, call))
        if delay is None:
            stages.fail(session, call, Stage.RECORDING, Outcome.GAVE_UP, NEVER_FINISHED, said_by=SAID_BY)
            return None
        return Later(delay)
