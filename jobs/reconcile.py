"""Asks the phone company which recordings it has, and adopts those nobody has told us of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from db import calls, events, recordings, stages, sweep_runs
from db.calls import CallFacts
from db.engine import Database
from db.events import Event
from db.sweep_runs import SAID_BY
from db.words import Stage
from jobs.facts import recording_facts
from jobs.pipeline import Crew
from jobs.upkeep import Upkeep, admit, log_work, sweep
from providers.telephony import RecordingInfo, Telephony

NAME = "recordings"
LONGEST_WINDOW = timedelta(days=1)
"""What is read at one time."""

WINDOWS_A_SWEEP = 10
"""After a long absence; otherwise the first one reaches the present."""

OVERLAP = timedelta(minutes=1)
"""The phone company's clock and list may be a little behind."""


@sweep
def recordings_there(crew: Crew, upkeep: Upkeep) -> None:
    """Read the account's list from where it was last read to STUCK_SECONDS ago: what is younger may still be told."""
    if upkeep.telephony is None:
        with crew.database.transaction() as session:
            sweep_runs.note(session, NAME)
        return
    adopted = sum(_read(crew.database, upkeep.telephony, *window) for window in _windows(crew.database, upkeep))
    log_work(repaired=adopted)
    if adopted:
        admit(crew, ((Stage.RECORDING, None), (Stage.DOWNLOAD, None)))


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
    if not info.call_sid:
        return False  # of a conference: no call of ours
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
