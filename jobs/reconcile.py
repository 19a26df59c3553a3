"""Asks the phone company which recordings it has, and adopts those nobody has told us of."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from conf.logs import log_event
from db import calls, events, recordings, stages, sweep_runs
from db.calls import CallFacts
from db.engine import Database
from db.events import Event
from db.words import Stage
from jobs.facts import recording_facts
from jobs.pipeline import ON_DUTY
from jobs.upkeep import Upkeep
from providers.errors import Unavailable
from providers.telephony import RecordingInfo, Telephony

log = logging.getLogger(__name__)

NAME = "recordings"
LONGEST_WINDOW = timedelta(days=1)
"""What is read at one time."""

WINDOWS_A_SWEEP = 10
"""After a long absence; otherwise the first one reaches the present."""

OVERLAP = timedelta(minutes=1)
"""The phone company's clock and list may be a little behind."""

SAID_BY = "sweep"


def recordings_there() -> None:
    """Read the account's list from where it was last read to STUCK_SECONDS ago: what is younger may still be told."""
    crew = ON_DUTY.get()
    upkeep = crew.trade
    if not isinstance(upkeep, Upkeep) or upkeep.telephony is None:
        return
    try:
        adopted = sum(_read(crew.database, upkeep.telephony, *window) for window in _windows(crew.database, upkeep))
    except Unavailable as error:
        log_event(log, logging.WARNING, "SWEEP_POSTPONED", sweep=NAME, reason=error.reason)
        return
    if adopted:
        log_event(log, logging.INFO, "SWEEP_DONE", requeued=0, given_up=0, repaired=adopted)
        for stage in (Stage.RECORDING, Stage.DOWNLOAD):
            crew.queues.admit(stage, None)


def _windows(database: Database, upkeep: Upkeep) -> Iterator[tuple[datetime, datetime]]:
    with database.transaction() as session:
        start, newest = sweep_runs.window(
            session, NAME, oldest=timedelta(days=upkeep.adopt_days), newest=timedelta(seconds=upkeep.stuck)
        )
    for _ in range(WINDOWS_A_SWEEP):
        if start >= newest:
            return
        end = min(newest, start + LONGEST_WINDOW)
        yield start, end
        start = end


def _read(database: Database, telephony: Telephony, start: datetime, end: datetime) -> int:
    """How many recordings were adopted. The watermark moves when all of the window has been read."""
    listed = telephony.recordings_between(start - OVERLAP, end)
    adopted = sum(_adopt(database, info, telephony.url_of(info.recording_sid)) for info in listed)
    with database.transaction() as session:
        sweep_runs.note(session, NAME, repaired=adopted)
        sweep_runs.move_watermark(session, NAME, end)
    return adopted


def _adopt(database: Database, info: RecordingInfo, url: str) -> bool:
    """Whether it was unknown until now."""
    facts = recording_facts(info, url)
    with database.transaction() as session:
        if recordings.find(session, info.recording_sid):
            return False
        call = calls.tell(session, CallFacts(info.call_sid), ask_after=0)
        if not recordings.tell(session, call, facts, said_by=SAID_BY, ask_after=0):
            return False
        stages.look_until_the_end(session, call, ask_after=0)
        events.note(session, call.id, Event.REPAIRED, said_by=SAID_BY, stage=Stage.RECORDING)
    recordings.log_start(call, facts)
    return True
