"""The one way from a view to a call: within the reader's business, and nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import abort
from sqlalchemy import Boolean, ColumnElement, Select, and_, case, exists, false, literal_column, or_, select, true
from sqlalchemy.orm import Session, aliased

from db import answers
from db.endings import HAS_FAILED
from db.models import FAILED, Business, CallLog, Task
from web.auth import NUL, Reader, known_zone
from web.cursor import Cursor

Read = Callable[[Select[CallLog], int], Sequence[CallLog]]

NEWEST_FIRST = (CallLog.created_at.desc().nulls_last(), CallLog.id)

OUR_NUMBER = case((CallLog.direction == "outbound", CallLog.from_number), else_=CallLog.to_number)


def visible_to(reader: Reader) -> ColumnElement[bool]:
    """The calls a reader may know of: an operator all, also those of no business; anybody else their business's.
    Nobody knows of those that were deleted."""
    is_there = CallLog.deleted_at.is_(None)
    if reader.is_operator:
        return is_there
    return false() if reader.business_id is None else and_(CallLog.business_id == reader.business_id, is_there)


@dataclass(frozen=True)
class Scope:
    """What numbers are about: one business, or with None all that the reader may know of."""

    business: Business | None
    time_zone: str
    calls: ColumnElement[bool]
    tasks: ColumnElement[bool]


def scope_of(session: Session, reader: Reader, business_id: int | None = None) -> Scope:
    """The reader's own business; an operator's choice, or everything. 404 for another's as for none."""
    wanted = reader.business_id if business_id is None and not reader.is_operator else business_id
    if wanted is None:
        return Scope(None, reader.time_zone, visible_to(reader), true() if reader.is_operator else false())
    may_see = reader.is_operator or wanted == reader.business_id
    business = session.get(Business, wanted) if may_see else None
    if business is None:
        abort(404, "There is no such business.")
    calls = and_(visible_to(reader), CallLog.business_id == wanted)
    return Scope(business, known_zone(business.time_zone), calls, Task.business_id == wanted)


def failed_calls(session: Session, scope: Scope, *, limit: int, after: Cursor | None = None) -> Sequence[CallLog]:
    """Those that have failed for good, newest first."""
    wanted = and_(scope.calls, HAS_FAILED, CallLog.parent_call_sid.is_(None))
    return _page(session, [wanted], limit, after)


def calls_with(
    session: Session, reader: Reader, phone: str, *, limit: int, after: Cursor | None = None
) -> Sequence[CallLog]:
    """Every call with somebody's number, newest first; a leg is part of its call where that is among them."""
    whole = aliased(CallLog)
    is_leg = exists().where(
        whole.call_sid == CallLog.parent_call_sid,
        whole.business_id.is_not_distinct_from(CallLog.business_id),
        whole.deleted_at.is_(None),
        _other_party(whole) == phone,
    )
    return _page(session, [visible_to(reader), _other_party(CallLog) == phone, ~is_leg], limit, after)


def _page(
    session: Session,
    wanted: Sequence[ColumnElement[bool]],
    limit: int,
    after: Cursor | None,
    read: Read | None = None,
) -> Sequence[CallLog]:
    """The newest of the wanted calls behind a place; `read` says how they are found, if not in the list's order."""
    found: list[CallLog] = []
    for rest in _rests(after):  # one question each: no index knows of both at once
        query, room = select(CallLog).where(*wanted, *rest), limit - len(found)
        found += read(query, room) if read else session.scalars(query.order_by(*NEWEST_FIRST).limit(room))
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


def _other_party(call: type[CallLog]) -> ColumnElement[str]:
    """Written as in the index that serves it."""
    return case((call.direction == "outbound", call.to_number), else_=call.from_number)


def legs_of(session: Session, reader: Reader, calls: Sequence[CallLog]) -> Mapping[str, Sequence[CallLog]]:
    """The legs of forwarded calls, by the CallSid of the whole, in the order in which they were dialled."""
    sids = [call.call_sid for call in calls if call.call_sid]
    query = select(CallLog).where(CallLog.parent_call_sid.in_(sids), visible_to(reader))
    found: dict[str, list[CallLog]] = {}
    for leg in session.scalars(query.order_by(CallLog.created_at, CallLog.id)):
        found.setdefault(str(leg.parent_call_sid), []).append(leg)
    return found


def has_no_calls(session: Session, scope: Scope) -> bool:
    """Whether there is none at all, of whatever day."""
    return session.scalar(select(CallLog.id).where(scope.calls).limit(1)) is None


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
    among: Sequence[ColumnElement[bool]] = (),
    asked: str | None = None,
) -> Sequence[CallLog]:
    """Newest first, from the place where the last page ended; calls without a time come last.

    `among` narrows the list further; `asked` is a search, as db/search.py puts it.
    """
    wanted = [visible_to(reader), *among]
    if status:
        wanted.append(CallLog.call_status == status)
    if direction:
        wanted.append(CallLog.direction == direction)
    if stage_failed:
        wanted.append(literal_column(FAILED[stage_failed], Boolean))
    if asked is None:
        return _page(session, wanted, limit, after)
    if not asked:
        return []  # nothing but signs
    return _page(session, wanted, limit, after, lambda calls, room: answers.newest(session, calls, asked, room))


def calls_before(session: Session, reader: Reader, place: Cursor, *, limit: int) -> Sequence[CallLog]:
    """Those that have come in since `place` was the newest, newest first; of many the ones next to it."""
    is_before = and_(CallLog.created_at.is_not_distinct_from(place.at), CallLog.id < place.id)
    is_newer = CallLog.created_at.is_not(None) if place.at is None else CallLog.created_at > place.at
    query = select(CallLog).where(visible_to(reader), or_(is_newer, is_before))
    return session.scalars(query.order_by(CallLog.created_at, CallLog.id.desc()).limit(limit)).all()[::-1]


def calls_by_id(session: Session, reader: Reader, ids: Sequence[int]) -> Sequence[CallLog]:
    """Those of the calls that the reader may see, newest first. Old installations have calls without a CallSid."""
    query = select(CallLog).where(CallLog.id.in_(ids), visible_to(reader))
    return session.scalars(query.order_by(*NEWEST_FIRST)).all()


def unassigned_calls(session: Session, reader: Reader, *, limit: int) -> Sequence[CallLog]:
    """Calls of no business, newest first; nobody but an operator sees any."""
    query = select(CallLog).where(visible_to(reader), CallLog.business_id.is_(None))
    return session.scalars(query.order_by(*NEWEST_FIRST).limit(limit)).all()


def lock_unassigned(
    session: Session, reader: Reader, ids: Sequence[int], *, with_their_numbers: bool, limit: int
) -> Sequence[CallLog]:
    """Those of the calls that are still nobody's, and if wanted all such calls of the same numbers of ours; locked in
    the order of their ids."""
    wanted: ColumnElement[bool] = CallLog.id.in_(ids)
    if with_their_numbers:
        numbers = session.scalars(select(OUR_NUMBER).where(wanted, visible_to(reader))).all()
        wanted |= OUR_NUMBER.in_([number for number in numbers if number])
    query = select(CallLog).where(wanted, visible_to(reader), CallLog.business_id.is_(None))
    locked = query.order_by(CallLog.id).limit(limit).with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).all()
