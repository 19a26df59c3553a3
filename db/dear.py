"""Dear calls, those that are likely to have cost more than their minutes: how many, and what was done too often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.orm import Session

from db.costs import BY_CALL, BY_REST, MANY_WEBHOOK_RETRIES, Sign
from db.models import CallLog, Recording
from db.spans import Span, as_table, holds

IS_DEAR = CallLog.estimated_cost_bucket != "LOW"
"""In the words of the index; no bucket yet is none of them."""


@dataclass(frozen=True)
class Count:
    """Of the calls of a span: all, and those of the two dear buckets."""

    calls: int = 0
    medium: int = 0
    high: int = 0


@dataclass(frozen=True)
class Seen:
    """Of the calls of a span that have a sign: how many, and the last one."""

    calls: int
    last_id: int


def count(session: Session, whose: ColumnElement[bool], spans: Sequence[Span]) -> Sequence[Count]:
    """Of each span, from the index by which calls are counted."""
    span = as_table(spans)
    is_bucket = {name: CallLog.estimated_cost_bucket == name for name in ("MED", "HIGH")}
    counted = select(func.count(), *(func.count().filter(is_one) for is_one in is_bucket.values()))
    within = counted.select_from(CallLog).where(holds(span, whose)).lateral()
    rows = session.execute(select(*within.c).select_from(span).join(within, true()).order_by(span.c.number))
    return [Count(*row) for row in rows]


def signs_by_span(
    session: Session, whose: ColumnElement[bool], spans: Sequence[Span], *, every: int = 1
) -> Sequence[Mapping[Sign, Seen]]:
    """The signs of each span's dear calls; looks at every so many-th call only."""
    span = as_table(spans)
    seen = [one for has_it in HAS_SIGN.values() for one in _seen(has_it)]
    wanted = holds(span, whose) & IS_DEAR & (CallLog.id % every == 0)
    within = select(*seen).select_from(CallLog).where(wanted).lateral()
    rows = session.execute(select(*within.c).select_from(span).join(within, true()).order_by(span.c.number))
    return [
        {sign: Seen(calls, last) for sign, calls, last in zip(HAS_SIGN, row[::2], row[1::2], strict=True) if calls}
        for row in rows
    ]


def _seen(has_it: ColumnElement[bool]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count().filter(has_it), func.max(CallLog.id).filter(has_it)


def _was_recorded(source: str) -> ColumnElement[bool]:
    return exists().where(Recording.call_id == CallLog.id, Recording.source == source)


HAS_SIGN: Mapping[Sign, ColumnElement[bool]] = {
    Sign.STREAMS: CallLog.stream_connect_count > 1,
    Sign.RECORDINGS: CallLog.recording_count > 1,
    Sign.UNREACHABLE: CallLog.webhook_11205_count > 0,
    Sign.RETRIES: CallLog.webhook_retry_count > MANY_WEBHOOK_RETRIES,
    Sign.RECORDED_TWICE: _was_recorded(BY_CALL) & _was_recorded(BY_REST),
}
"""As db.costs.signs finds them on one call."""
