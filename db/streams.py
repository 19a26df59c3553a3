"""What is told of a call's media stream, and of errors around it."""

from datetime import datetime

from sqlalchemy.orm import Session

from db import costs, events
from db.calls import TWILIO
from db.events import Event
from db.models import CallLog

CONNECTION_FAILED = 11205


def started(session: Session, call: CallLog, stream_sid: str, at: datetime) -> None:
    """A stream was connected; a second one on the same call costs money."""
    if events.note(session, call.id, Event.STREAM_STARTED, said_by=TWILIO, once=f"stream-started:{stream_sid}"):
        call.stream_connect_count = (call.stream_connect_count or 0) + 1
        call.stream_started_at = min(call.stream_started_at or at, at)
        _measure(session, call)


def stopped(session: Session, call: CallLog, stream_sid: str, at: datetime, error: str | None) -> None:
    """A stream has ended, by itself or with an error."""
    event = Event.STREAM_ERROR if error else Event.STREAM_STOPPED
    if events.note(session, call.id, event, said_by=TWILIO, once=f"{event}:{stream_sid}", error_code=error):
        call.stream_ended_at = max(call.stream_ended_at or at, at)
        _measure(session, call)


def failed_webhook(session: Session, call: CallLog, notice_sid: str, error_code: int) -> None:
    """The phone company could not reach one of our webhooks."""
    new = events.note(
        session, call.id, Event.TWILIO_ERROR, said_by=TWILIO, once=f"debugger:{notice_sid}", error_code=error_code
    )
    if new and error_code == CONNECTION_FAILED:
        call.webhook_11205_count = (call.webhook_11205_count or 0) + 1
        costs.work_out(session, call)


def _measure(session: Session, call: CallLog) -> None:
    if call.stream_started_at and call.stream_ended_at:
        call.stream_duration_sec = max(0.0, (call.stream_ended_at - call.stream_started_at).total_seconds())
    costs.work_out(session, call)
