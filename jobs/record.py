"""The recording stage: see that the phone company records the call, and learn what became of it."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import calls, recordings, stages
from db.costs import BY_REST
from db.engine import Database
from db.models import CallLog
from db.recordings import RecordingFacts
from db.words import FINAL_CALL_STATUSES, RecordingMode, RecordingStatus, Stage
from jobs.facts import call_facts, recording_facts
from jobs.keeper import Held
from jobs.pipeline import Later, Settle, Trade
from providers.telephony import CallInfo, NotEligible, RecordingInfo, Telephony

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.5
"""Error 21220 means too early just after the call came in: look again after 1-2 s."""

LOOK_FOR_SECONDS = 15
SAID_BY = "start"


@dataclass(frozen=True)
class Patience:
    """When to ask again, in seconds: while the call is on, and once it has ended without a recording so far."""

    on_the_line: float
    hung_up: float


class Record(Trade):
    """Looks before it starts anything: a second recording of a call costs money and helps nobody."""

    stage = Stage.RECORDING

    def __init__(
        self, telephony: Telephony, database: Database, patience: Patience, *, callback: str, may_start: bool
    ) -> None:
        self._telephony, self._database, self._patience = telephony, database, patience
        self._callback, self._may_start = callback, may_start

    def work(self, held: Held) -> Settle:
        """Look every 1-2 s until the recording runs, the call is over, or 15 s have passed."""
        call_sid = held.claim.call_sid
        deadline = time.monotonic() + LOOK_FOR_SECONDS
        looks_on_the_line = 0
        while True:
            info, found = self._telephony.call(call_sid), self._telephony.recordings(call_sid)
            if found:
                return partial(self._take_in, info, found)
            if info.status in FINAL_CALL_STATUSES:
                return partial(self._settle_without, info)
            looks_on_the_line += info.status == "in-progress"
            started = self._start(call_sid) if self._is_to_start(call_sid, looks_on_the_line) else None
            if started:
                return partial(self._take_in_own, started)
            if time.monotonic() > deadline:
                return partial(self._ask_later, info)
            held.renew()
            time.sleep(LOOK_EVERY_SECONDS)

    def _is_to_start(self, call_sid: str, looks_on_the_line: int) -> bool:
        """Where TwiML starts the recording, the first look may have come a moment too early: look once more."""
        if not self._may_start or not looks_on_the_line:
            return False
        with self._database.transaction() as session:
            mode = session.scalar(select(CallLog.recording_mode).where(CallLog.call_sid == call_sid))
        return looks_on_the_line > 1 or mode != RecordingMode.TWIML

    def _start(self, call_sid: str) -> RecordingInfo | None:
        try:
            return self._telephony.start_recording(call_sid, self._callback)
        except NotEligible:
            log_event(log, logging.DEBUG, "RECORDING_ALREADY_RUNNING", call_sid=call_sid)
            return None

    def _take_in_own(self, started: RecordingInfo, session: Session, call: CallLog) -> Later:
        """The recording that we have just started."""
        facts = replace(self._facts(started), source=BY_REST)
        call.recording_mode = RecordingMode.API
        if recordings.tell(session, call, facts, said_by=SAID_BY):
            recordings.log_start(call, facts)
        return self._later(call)

    def _take_in(self, info: CallInfo, found: Sequence[RecordingInfo], session: Session, call: CallLog) -> Later | None:
        """Tell the database what the phone company has; ask again while no recording has reached its end."""
        calls.tell(session, call_facts(info), ask_after=self._patience.hung_up)
        for facts in map(self._facts, found):
            if recordings.tell(session, call, facts, said_by=SAID_BY):
                recordings.log_start(call, facts)
            else:
                log_event(log, logging.DEBUG, "RECORDING_ALREADY_RUNNING", call_sid=call.call_sid)
        if call.recording_status in (RecordingStatus.COMPLETED, RecordingStatus.FAILED):
            return None
        return self._later(call)

    def _facts(self, info: RecordingInfo) -> RecordingFacts:
        return recording_facts(info, self._telephony.url_of(info.recording_sid))

    def _settle_without(self, info: CallInfo, session: Session, call: CallLog) -> None:
        calls.tell(session, call_facts(info), ask_after=self._patience.hung_up)
        if call.recording_status != RecordingStatus.COMPLETED:
            stages.settle_without_recording(session, call, said_by=SAID_BY)

    def _ask_later(self, info: CallInfo, session: Session, call: CallLog) -> Later:
        calls.tell(session, call_facts(info), ask_after=self._patience.hung_up)
        return self._later(call)

    def _later(self, call: CallLog) -> Later:
        ended = call.call_status in FINAL_CALL_STATUSES
        return Later(self._patience.hung_up if ended else self._patience.on_the_line)
