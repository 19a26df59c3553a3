"""The one way from a view to a call: within the reader's business, and nowhere else."""

from collections.abc import Sequence

from flask import abort
from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from db.models import CallLog
from web.auth import NUL, Reader
from web.cursor import Cursor


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
) -> Sequence[CallLog]:
    """Newest first, from the place where the last page ended."""
    query = select(CallLog).where(visible_to(reader))
    if status:
        query = query.where(CallLog.call_status == status)
    if direction:
        query = query.where(CallLog.direction == direction)
    if after:
        query = query.where(
            or_(CallLog.created_at < after.at, and_(CallLog.created_at == after.at, CallLog.id > after.id))
        )
    return session.scalars(query.order_by(CallLog.created_at.desc(), CallLog.id).limit(limit)).all()


def calls_by_sid(session: Session, reader: Reader, call_sids: Sequence[str]) -> Sequence[CallLog]:
    """Those of the calls that the reader may see, newest first."""
    wanted = [call_sid for call_sid in call_sids if NUL not in call_sid]
    query = select(CallLog).where(CallLog.call_sid.in_(wanted), visible_to(reader))
    return session.scalars(query.order_by(CallLog.created_at.desc(), CallLog.id)).all()
