"""Calls that are not finished and in nobody's line: set back by hand, or what should have gone on never came."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from db import events, stages, tasks
from db.events import Event
from db.models import HAS_CALL_SID, UNFINISHED, CallLog, Task
from db.sweep_runs import SAID_BY
from db.tasks import seconds
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus

BATCH = 100


def find(session: Session, *, youngest: float, oldest: timedelta) -> Sequence[CallLog]:
    """The newest of them, locked. A call whose recording is still to come may go on for `youngest` seconds by itself;
    those older than `oldest` wait until somebody wants to hear them."""
    now = func.timezone("utc", func.now())
    return session.scalars(
        select(CallLog)
        .where(
            text(UNFINISHED),
            text(HAS_CALL_SID),
            CallLog.deleted_at.is_(None),
            CallLog.created_at > now - oldest,
            or_(CallLog.recording_status == RecordingStatus.COMPLETED, CallLog.created_at < now - seconds(youngest)),
            ~select(Task.call_id).where(Task.call_id == CallLog.id).exists(),
        )
        .order_by(CallLog.created_at.desc())
        .limit(BATCH)
        .with_for_update(of=CallLog, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def put_in_line(session: Session, call: CallLog) -> Stage | None:
    """Open the stage such a call stands at; None when somebody has just done so."""
    if tasks.open_stages(session, call):
        return None
    stage = stage_of(session, call)
    if stage is Stage.DOWNLOAD:
        stages.open_download(session, call)
    else:
        stages.mark_open(call, stage)
        tasks.open_task(session, call, stage)
    events.note(session, call.id, Event.REPAIRED, said_by=SAID_BY, stage=stage)
    return stage


def stage_of(session: Session, call: CallLog) -> Stage:
    """Where an unfinished call stands: what its recording is must be known before it can be fetched."""
    if call.recording_status != RecordingStatus.COMPLETED or stages.own_recording(session, call) is None:
        return Stage.RECORDING
    if call.recording_download_status != DownloadStatus.READY:
        return Stage.DOWNLOAD
    return Stage.SUMMARY if call.transcript_status == TextStatus.COMPLETED else Stage.TRANSCRIPT
