"""What the phone company tells about recordings."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import costs, deletions, events, stages
from db.events import Event
from db.models import CallLog, Recording
from db.words import FINAL_CALL_STATUSES, DownloadStatus, Outcome, RecordingMode, RecordingStatus

log = logging.getLogger(__name__)

FINAL = {"completed", "absent", "failed"}
STORAGE = "storage"

MODE_OF_SOURCE = {
    "StartCallRecordingTwiML": RecordingMode.TWIML,
    "StartCallRecordingAPI": RecordingMode.API,
    "OutboundAPI": RecordingMode.CALL_RECORD,
}

OUTCOME_OF_ERROR = {16101: Outcome.TOO_SHORT, 16102: Outcome.SILENT}
"""Twilio's error codes of an absent recording."""

EVENT_OF_STATUS = {
    "completed": Event.RECORDING_COMPLETED,
    "absent": Event.RECORDING_ABSENT,
    "failed": Event.RECORDING_FAILED,
}


@dataclass(frozen=True)
class RecordingFacts:
    """What one callback, or one row of the phone company's list, says about a recording.

    status: in-progress, paused, stopped, processing, completed, absent, failed; duration in seconds.
    """

    recording_sid: str
    status: str
    url: str
    source: str | None = None
    channels: int | None = None
    duration: int | None = None
    started_at: datetime | None = None
    error_code: int | None = None


def tell(session: Session, call: CallLog, facts: RecordingFacts, *, said_by: str, ask_after: float) -> bool:
    """Take in what is said of a recording of a locked call; True when nobody had heard of it.

    Callbacks come in any order: a recording that has reached its end stays there. When it is the call's own, and
    nobody has told of the call's end, the phone company is asked in `ask_after` seconds.
    A recording of a call that was deleted is only heard of to be deleted as well.
    """
    if call.deleted_at is not None:
        deletions.hear_of(session, call, facts.recording_sid, facts.status)
        return False
    known = find(session, facts.recording_sid)
    if known is None:
        known = _make(session, call, facts)
        events.note(
            session,
            call.id,
            Event.RECORDING_STARTED,
            said_by=said_by,
            once=f"started:{facts.recording_sid}",
            recording_sid=facts.recording_sid,
            source=facts.source,
            second=start_second(call, facts),
        )
        is_new = True
    else:
        is_new = False
    if known.call_id != call.id:
        return False
    with session.no_autoflush:  # one UPDATE of the call does for all that is set
        if is_new or known.status not in FINAL:
            _take_in(session, call, known, facts, said_by)
        if facts.status in FINAL:
            stages.look_until_the_end(session, call, ask_after=ask_after if call.direction else 0)
    return is_new


def find(session: Session, recording_sid: str) -> Recording | None:
    """The recording of that name, whosever it is."""
    return session.scalar(select(Recording).where(Recording.recording_sid == recording_sid))


def start_second(call: CallLog, facts: RecordingFacts) -> float | None:
    """How many seconds after the answer the recording began; None when either time is unknown."""
    if call.answered_at is None or facts.started_at is None:
        return None
    return max(0.0, (facts.started_at - call.answered_at).total_seconds())


def lose_file(session: Session, call: CallLog) -> None:
    """Our copy has gone from storage: the call waits for it as if it had never been fetched."""
    recording = stages.own_recording(session, call)
    if recording:
        recording.file = None
    call.recording_download_status = DownloadStatus.MISSING
    events.note(session, call.id, Event.FILE_LOST, said_by=STORAGE, recording_sid=call.recording_sid)


def _make(session: Session, call: CallLog, facts: RecordingFacts) -> Recording:
    session.execute(
        insert(Recording)
        .values(call_id=call.id, recording_sid=facts.recording_sid, status=facts.status)
        .on_conflict_do_nothing(index_elements=["recording_sid"])
    )
    return session.scalars(select(Recording).where(Recording.recording_sid == facts.recording_sid)).one()


def _take_in(session: Session, call: CallLog, known: Recording, facts: RecordingFacts, said_by: str) -> None:
    known.status = facts.status
    known.source = facts.source or known.source
    known.channels = facts.channels or known.channels
    known.duration = facts.duration if facts.duration is not None else known.duration
    known.started_at = facts.started_at or known.started_at
    known.error_code = facts.error_code or known.error_code
    session.flush()
    _count(session, call)
    if facts.status in EVENT_OF_STATUS:
        events.note(
            session,
            call.id,
            EVENT_OF_STATUS[facts.status],
            said_by=said_by,
            once=f"{facts.status}:{facts.recording_sid}",
            recording_sid=facts.recording_sid,
            seconds=facts.duration,
            error_code=facts.error_code,
        )
    if facts.status == "completed":
        _complete(session, call, known, facts)
    elif facts.status in FINAL:
        _end_without(session, call, known, said_by)
    elif call.recording_status == RecordingStatus.PENDING:
        call.recording_status = RecordingStatus.RECORDING
    if call.call_status in FINAL_CALL_STATUSES:
        costs.work_out(session, call)


def _count(session: Session, call: CallLog) -> None:
    there = select(func.count()).where(Recording.call_id == call.id, Recording.status != "absent")
    call.recording_count = session.scalar(there)


def _complete(session: Session, call: CallLog, known: Recording, facts: RecordingFacts) -> None:
    if stages.own_recording(session, call) not in (None, known):
        return
    call.recording_sid, call.recording_url = known.recording_sid, facts.url
    call.recording_mode = MODE_OF_SOURCE.get(known.source or "", call.recording_mode)
    call.recording_status = RecordingStatus.COMPLETED
    call.outcome = call.last_error = None
    stages.open_download(session, call)


def _end_without(session: Session, call: CallLog, known: Recording, said_by: str) -> None:
    """Settle the call, unless another of its recordings is there or still to come."""
    hopeful = select(func.count()).where(Recording.call_id == call.id, Recording.status.not_in(("absent", "failed")))
    if session.scalar(hopeful):
        return
    outcome = OUTCOME_OF_ERROR.get(known.error_code or 0, Outcome.NO_RECORDING)
    error = "the phone company could not make the recording" if known.status == "failed" else None
    stages.settle_without_recording(session, call, said_by=said_by, outcome=outcome, error=error)


def log_start(call: CallLog, facts: RecordingFacts) -> None:
    """Say in the log that a recording was first heard of, and how many seconds after the answer it began."""
    log_event(
        log,
        logging.INFO,
        "RECORDING_STARTED",
        call_sid=call.call_sid,
        recording_sid=facts.recording_sid,
        mode=MODE_OF_SOURCE.get(facts.source or "") or call.recording_mode,
        second=start_second(call, facts),
    )
