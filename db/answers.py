"""Which calls answer a search, newest first, without looking at all of a million: three ways, from cheap to dear.

A common word is in the newest calls, which are looked at one by one. What few calls have, the index names. What is left
are words of many calls, of which hardly one is among the newest: there the index is asked month by month.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, cast, func, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from db import lexemes
from db.models import CallLog, CallSearch

LOOKED_AT_ONE_BY_ONE = 1000
"""Calls: a word that one in twenty has fills a page from them, in a few hundredths of a second."""

FEW = 2000
"""Calls that can be fetched and sorted within a tenth of a second. A word that more have is asked for by the month."""


def newest(session: Session, calls: Select[CallLog], asked: str, limit: int) -> Sequence[CallLog]:
    """Of those calls the newest that a TSQUERY finds."""
    near = calls.order_by(CallLog.created_at.desc().nulls_last(), CallLog.id).limit(LOOKED_AT_ONE_BY_ONE)
    found = _load(session, near, _has_answer(asked), limit)
    if len(found) == limit:
        return found
    ids = session.scalars(select(CallSearch.call_id).where(_answers(asked)).limit(FEW + 1)).all()
    if len(ids) <= FEW:
        return _load(session, calls.where(CallLog.id == any_(cast(list(ids), ARRAY(BigInteger)))), None, limit)
    return _month_by_month(session, calls, asked, limit)


def _month_by_month(session: Session, calls: Select[CallLog], asked: str, limit: int) -> Sequence[CallLog]:
    found: list[CallLog] = []
    for month in _months(session, calls):
        those = select(CallSearch.call_id).where(_answers(f"{asked} & '{month}'"))
        found += _load(session, calls.where(CallLog.id.in_(those)), None, limit - len(found))
        if len(found) == limit:
            break
    return found


def _months(session: Session, calls: Select[CallLog]) -> Iterator[str]:
    """From the newest call's to the oldest one's, then those whose time is not known."""
    bounds = calls.with_only_columns(func.max(CallLog.created_at), func.min(CallLog.created_at))
    last, first = session.execute(bounds).one()
    if last and first:
        for number in range(_number(last), _number(first) - 1, -1):
            yield lexemes.of_month(number // 12, number % 12 + 1)
    yield lexemes.of_no_month()


def _number(at: datetime) -> int:
    return at.year * 12 + at.month - 1


def _load(
    session: Session, calls: Select[CallLog], condition: ColumnElement[bool] | None, limit: int
) -> Sequence[CallLog]:
    """The first of those calls; which they are is settled before they are put in order, or PostgreSQL might go through
    all calls in order, asking each whether it is one of them."""
    those: Any = calls.with_only_columns(CallLog.id, CallLog.created_at).cte("those").prefix_with("MATERIALIZED")
    first = select(those.c.id).join(CallLog, CallLog.id == those.c.id)
    if condition is not None:
        first = first.where(condition)
    in_order = first.order_by(those.c.created_at.desc().nulls_last(), those.c.id).limit(limit)
    ids = session.scalars(in_order).all()
    loaded = {call.id: call for call in session.scalars(select(CallLog).where(CallLog.id.in_(ids)))}
    return [loaded[id] for id in ids if id in loaded]


def _has_answer(asked: str) -> ColumnElement[bool]:
    return select(CallSearch.call_id).where(CallSearch.call_id == CallLog.id, _answers(asked)).exists()


def _answers(asked: str) -> ColumnElement[bool]:
    return CallSearch.document.op("@@", is_comparison=True)(cast(asked, TSQUERY))
