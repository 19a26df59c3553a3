"""What a call is likely to have cost beyond its minutes: signs of doubled work, as one word."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Recording

MANY_WEBHOOK_RETRIES = 2
BY_CALL, BY_REST = "OutboundAPI", "StartCallRecordingAPI"


class Sign(StrEnum):
    """Something was done more often than it need be."""

    STREAMS = "streams"
    RECORDINGS = "recordings"
    UNREACHABLE = "unreachable"
    RETRIES = "retries"
    RECORDED_TWICE = "recorded_twice"


def work_out(session: Session, call: CallLog) -> None:
    """Set estimated_cost_bucket from what is known of the call by now."""
    call.estimated_cost_bucket = bucket(signs_of(session, call))


def signs_of(session: Session, call: CallLog) -> list[Sign]:
    """What the call shows of it by now."""
    sources = set(session.scalars(select(Recording.source).where(Recording.call_id == call.id)))
    return signs(
        streams=call.stream_connect_count or 0,
        recordings=call.recording_count or 0,
        unreachable=call.webhook_11205_count or 0,
        retries=call.webhook_retry_count or 0,
        is_recorded_twice={BY_CALL, BY_REST} <= sources,
    )


def signs(*, streams: int, recordings: int, unreachable: int, retries: int, is_recorded_twice: bool) -> list[Sign]:
    """Which of the five there are."""
    found = {
        Sign.STREAMS: streams > 1,
        Sign.RECORDINGS: recordings > 1,
        Sign.UNREACHABLE: unreachable > 0,
        Sign.RETRIES: retries > MANY_WEBHOOK_RETRIES,
        Sign.RECORDED_TWICE: is_recorded_twice,
    }
    return [sign for sign, is_there in found.items() if is_there]


def bucket(found: Sequence[Sign]) -> str:
    """One point a sign; none is LOW, one MED, more HIGH."""
    return ("LOW", "MED")[len(found)] if len(found) < 2 else "HIGH"
