"""A stage done again because somebody asks for it: by hand, neither backoff nor used-up attempts count.

What is there stays until it is replaced. Callers hold the call's lock.
"""

from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db import events, stages, tasks, transcripts
from db.events import Event
from db.models import CallLog, Recording, Task
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus

DONE = {DownloadStatus.READY, TextStatus.COMPLETED}
AT_WORK = {RecordingStatus.RECORDING, DownloadStatus.DOWNLOADING, TextStatus.PROCESSING}

FOLLOWING = {Stage.DOWNLOAD: Stage.TRANSCRIPT, Stage.TRANSCRIPT: Stage.SUMMARY}
"""What is made of a stage's result: it opens again when the new result is there."""


class Refusal(StrEnum):
    """Why a stage is not done again."""

    RUNNING = "running"
    """Somebody is at work on it, or on what is made of it."""
    IN_LINE = "in_line"
    """It waits for its turn already."""
    DONE = "done"
    """Its result is there; only who insists has it made anew."""
    NO_RECORDING = "no_recording"
    """There is nothing to transcribe: the recording must be fetched first."""
    NO_TRANSCRIPT = "no_transcript"
    """There is nothing to sum up: the transcript must be made first."""
    NO_SPEECH = "no_speech"
    """Nobody spoke: no summary will ever come of it."""


class Conflict(Exception):
    """The stage is not done again, for a reason."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def retry(session: Session, call: CallLog, stage: Stage, *, force: bool, said_by: str) -> Stage:
    """Put the call in line for the stage with all its attempts; the stage that has opened. Raises Conflict.

    "recording" means the file where the phone company has one, and asking the phone company where it has none.
    """
    opened = _to_open(session, call, stage)
    _refuse_busy(session, call, opened)
    if opened is not Stage.RECORDING and _status(call, opened) in DONE and not force:
        raise Conflict(Refusal.DONE)
    _refuse_without_source(session, call, opened)
    _open(session, call, opened)
    call.retry_count = (call.retry_count or 0) + 1
    events.note(session, call.id, Event.RETRY_REQUESTED, said_by=said_by, stage=stage, force=force or None)
    return opened


def _to_open(session: Session, call: CallLog, stage: Stage) -> Stage:
    is_there = call.recording_status == RecordingStatus.COMPLETED and stages.own_recording(session, call) is not None
    return Stage.DOWNLOAD if stage is Stage.RECORDING and is_there else stage


def _status(call: CallLog, stage: Stage) -> str | None:
    return {
        Stage.RECORDING: call.recording_status,
        Stage.DOWNLOAD: call.recording_download_status,
        Stage.TRANSCRIPT: call.transcript_status,
        Stage.SUMMARY: call.summary_status,
    }[stage]


def _refuse_busy(session: Session, call: CallLog, stage: Stage) -> None:
    """What is running is never redone, nor is its source replaced under it."""
    is_in_line = Task.enqueued_at.is_not(None) | (Task.due_at <= func.clock_timestamp())
    found = session.execute(select(Task.stage, Task.claim, is_in_line).where(Task.call_id == call.id)).all()
    claimed = {name for name, claim, _ in found if claim is not None}
    for watched in filter(None, (stage, FOLLOWING.get(stage))):
        if _status(call, watched) in AT_WORK or watched in claimed:
            raise Conflict(Refusal.RUNNING)
    if any(name == stage and waits for name, _, waits in found):
        raise Conflict(Refusal.IN_LINE)


def _refuse_without_source(session: Session, call: CallLog, stage: Stage) -> None:
    if stage is Stage.TRANSCRIPT and call.recording_download_status != DownloadStatus.READY:
        raise Conflict(Refusal.NO_RECORDING)
    if stage is Stage.SUMMARY:
        transcript = transcripts.find(session, call)
        if transcript is None or call.transcript_status != TextStatus.COMPLETED:
            raise Conflict(Refusal.NO_TRANSCRIPT)
        if not transcript.turns:
            raise Conflict(Refusal.NO_SPEECH)


def _open(session: Session, call: CallLog, stage: Stage) -> None:
    """A new task has all its attempts; the next stage waits for the new result."""
    for name in filter(None, (stage, FOLLOWING.get(stage))):
        tasks.close_task(session, call, name)
    if stage is Stage.RECORDING:
        _doubt_ends(session, call)
    stages.reopen(call, stage)
    tasks.open_task(session, call, stage)


def _doubt_ends(session: Session, call: CallLog) -> None:
    """What the phone company said of recordings that came to nothing is asked anew, and then taken in anew."""
    session.execute(
        update(Recording)
        .where(Recording.call_id == call.id, Recording.status.in_(("absent", "failed")))
        .values(status="processing")
    )
