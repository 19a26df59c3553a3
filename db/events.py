"""A call's story: append-only facts, from which its timeline is read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.models import CallEvent


class Event(StrEnum):
    """What can happen to a call."""

    CALL_STATUS = "call_status"
    RECORDING_STARTED = "recording_started"
    RECORDING_COMPLETED = "recording_completed"
    RECORDING_ABSENT = "recording_absent"
    RECORDING_FAILED = "recording_failed"
    SETTLED_WITHOUT_RECORDING = "settled_without_recording"
    DOWNLOADED = "downloaded"
    TRANSCRIBED = "transcribed"
    SUMMARIZED = "summarized"
    STAGE_RETRIED = "stage_retried"
    STAGE_FAILED = "stage_failed"
    RETRY_REQUESTED = "retry_requested"
    FILE_LOST = "file_lost"
    REPAIRED = "repaired"
    ADOPTED = "adopted"
    STREAM_STARTED = "stream_started"
    STREAM_STOPPED = "stream_stopped"
    STREAM_ERROR = "stream_error"
    TWILIO_ERROR = "twilio_error"
    FALLBACK_USED = "fallback_used"
    ASSIGNED = "assigned"


def note(session: Session, call_id: int, event: Event, *, said_by: str, once: str | None = None, **detail: Any) -> bool:
    """Append an event; False when the one that `once` names is already there."""
    facts = {name: value for name, value in detail.items() if value is not None}
    added = (
        insert(CallEvent)
        .values(call_id=call_id, event=event, said_by=said_by, once=once, detail=facts)
        .on_conflict_do_nothing(index_elements=["call_id", "once"])
        .returning(CallEvent.id)
    )
    return session.scalar(added) is not None


def timeline(session: Session, call_id: int) -> Sequence[CallEvent]:
    """The call's events, oldest first."""
    return session.scalars(
        select(CallEvent).where(CallEvent.call_id == call_id).order_by(CallEvent.at, CallEvent.id)
    ).all()


def count(session: Session, call_id: int, event: Event) -> int:
    """How often that has happened to the call."""
    happened = select(func.count()).where(CallEvent.call_id == call_id, CallEvent.event == event)
    return session.scalar(happened) or 0
