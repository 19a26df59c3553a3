"""What a call is likely to have cost beyond its minutes: signs of doubled work, as one word."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Recording

MANY_WEBHOOK_RETRIES = 2
BY_CALL, BY_REST = "OutboundAPI", "StartCallRecordingAPI"


def work_out(session: Session, call: CallLog) -> None:
    """Set estimated_cost_bucket from what is known of the call by now."""
    sources = set(session.scalars(select(Recording.source).where(Recording.call_id == call.id)))
    call.estimated_cost_bucket = bucket(
        streams=call.stream_connect_count or 0,
        recordings=call.recording_count or 0,
        unreachable=call.webhook_11205_count or 0,
        retries=call.webhook_retry_count or 0,
        is_recorded_twice={BY_CALL, BY_REST} <= sources,
    )


def bucket(*, streams: int, recordings: int, unreachable: int, retries: int, is_recorded_twice: bool) -> str:
    """One point a sign; none is LOW, one MED, more HIGH."""
    signs = (streams > 1, recordings > 1, unreachable > 0, retries > MANY_WEBHOOK_RETRIES, is_recorded_twice)
    return ("LOW", "MED")[sum(signs)] if sum(signs) < 2 else "HIGH"
