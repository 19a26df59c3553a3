"""What a call is likely to have cost beyond its minutes: signs of doubled work, as one word."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Recording

MANY_WEBHOOK_RETRIES = 2
BY_CALL, BY_REST = "OutboundAPI", "StartCallRecordingAPI"


def work_out(session: Session, call: CallLog) -> None:
    """Set estimated_cost_bucket: one point a sign; none is LOW, one MED, more HIGH."""
    sources = set(session.scalars(select(Recording.source).where(Recording.call_id == call.id)))
    signs = (
        (call.stream_connect_count or 0) > 1,
        (call.recording_count or 0) > 1,
        (call.webhook_11205_count or 0) > 0,
        (call.webhook_retry_count or 0) > MANY_WEBHOOK_RETRIES,
        {BY_CALL, BY_REST} <= sources,
    )
    call.estimated_cost_bucket = ("LOW", "MED")[sum(signs)] if sum(signs) < 2 else "HIGH"
