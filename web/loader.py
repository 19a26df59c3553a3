"""The one way from a view to a call: within the reader's business, and nowhere else."""

from collections.abc import Sequence

from flask import abort
from sqlalchemy import Boolean, ColumnElement, false, literal_column, or_, select, true
from sqlalchemy.orm import Session

from db.models import FAILED, CallLog
from web.auth import NUL, Reader
from web.cursor import Cursor

NEWEST_FIRST = (CallLog.created_at.desc().nulls_last(), CallLog.id)


def visible_to(reader: Reader) -> ColumnElement[bool]:
    """The calls a reader may know of: an operator all, also those of no business; anybody else their business's."""
    if reader.is_operator:
        return true()
    return false() if reader.business_id is None else CallLog.business_id == reader.business_id


def load_call(session: Session, reader: Reader, call_sid: str, *, lock: bool = False) -> CallLog:
    """The call; 404 for one of another business, as for one that does not exist."""
    query = select(CallLog).where(CallLog.call_sid == call_sid, visible_to(reader))
    call = None if NUL in call_sid else session.scalar(query.with_for_update() if lock else query)
    if call is None:
        abort(404, "There is no such call.")
    return call


def recent_calls(
    session: Session,
    reader: Reader,
    *,
    limit: int,
    after: Cursor | None = None,
    status: str | None = None,
    direction: str | None = None,
    stage_failed: str | None = None,
) -> Sequence[CallLog]:
    """Newest first, from the place where the last page ended; calls without a time come last."""
    wanted: list[ColumnElement[bool]] = [visible_to(reader)]
    if status:
        wanted.append(CallLog.call_status == status)
    if direction:
        wanted.append(CallLog.direction == direction)
    if stage_failed:
        wanted.append(literal_column(FAILED[stage_failed], Boolean))
    found: list[CallLog] = []
    for rest in _rests(after):  # one question each: no index knows of both at once
        query = select(CallLog).where(*wanted, *rest).order_by(*NEWEST_FIRST).limit(limit - len(found))
        found += session.scalars(query)
        if len(found) == limit:
            break
    return found


def _rests(after: Cursor | None) -> list[list[ColumnElement[bool]]]:
    """The parts of the list behind a place, in their order; each is a range of an index."""
    if after is None:
        return [[]]
    has_no_time = CallLog.created_at.is_(None)
    if after.at is None:
        return [[has_no_time, CallLog.id > after.id]]
    is_later = or_(CallLog.created_at < after.at, CallLog.id > after.id)
    return [[CallLog.created_at <= after.at, is_later], [has_no_time]]


def calls_by_id(session: Session, reader: Reader, ids: Sequence[int]) -> Sequence[CallLog]:
    """Those of the calls that the reader may see, newest first. Old installations have calls without a CallSid."""
    query = select(CallLog).where(CallLog.id.in_(ids), visible_to(reader))
    return session.scalars(query.order_by(*NEWEST_FIRST)).all()
