"""Stretches of time, and the calls that came in within them: what every number of the dashboard is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, Integer, and_, column, values

from db.models import CallLog, UtcDateTime


class Span(NamedTuple):
    """From `start` until just before `until`."""

    start: datetime
    until: datetime


def as_table(spans: Sequence[Span]) -> FromClause:
    """Rows of `number`, from 0 on, `start` and `until`: asked for one by one, each costs what is in it."""
    columns = column("number", Integer), column("start", UtcDateTime), column("until", UtcDateTime)
    return values(*columns, name="span").data([(number, *span) for number, span in enumerate(spans)])


def holds(span: FromClause, whose: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a call is in the span; the legs of a forwarded call are part of it, and no further calls."""
    is_within = and_(CallLog.created_at >= span.c.start, CallLog.created_at < span.c.until)
    return and_(whose, is_within, CallLog.parent_call_sid.is_(None))


def every_which(calls: int, most: int) -> int:
    """Of so many calls, every how many-th is looked at so that no more than `most` are."""
    return -(-calls // most) or 1
