"""Finding calls, and what the phone company tells about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import DefaultClause, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db import businesses, costs, events, search, stages, tasks
from db.events import Event
from db.models import HAS_CALL_SID, UTC_NOW, CallLog
from db.words import CALL_STATUS_ORDER, FINAL_CALL_STATUSES, UNANSWERED_CALL_STATUSES

TWILIO = "twilio"

NEW_CALL = {
    column.name: column.server_default.arg if isinstance(column.server_default, DefaultClause) else None
    for column in CallLog.__table__.columns
    if not column.primary_key
}
NEW_CALL["updated_at"] = UTC_NOW
"""What every column of a new call holds: the defaults of an old installation's table are not ours."""

MAKE = (
    insert(CallLog)
    .values(NEW_CALL | {"call_sid": bindparam("new_sid")})
    .on_conflict_do_nothing(index_elements=["call_sid"], index_where=text(HAS_CALL_SID))
)
"""Written once: its fifty columns would take a webhook longer to put together than to insert."""


@dataclass(frozen=True)
class CallFacts:
    """What one webhook, or one look at the phone company's API, says about a call."""

    call_sid: str
    status: str | None = None
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    parent_call_sid: str | None = None
    duration: int | None = None
    at: datetime | None = None

    @property
    def is_outbound(self) -> bool:
        return (self.direction or "").startswith("outbound")


def lock(session: Session, call_sid: str) -> CallLog | None:
    """The call, held until the transaction ends."""
    return session.scalar(
        select(CallLog).where(CallLog.call_sid == call_sid).with_for_update().execution_options(populate_existing=True)
    )


def tell(session: Session, facts: CallFacts, *, ask_after: float) -> CallLog:
    """Take in what is said of a call, which is made if nobody has heard of it; it is locked from here on.

    Facts come in any order and more than once: a status only moves up, and what is known stays.
    When the call has ended, the phone company is asked for its recording in `ask_after` seconds, should it not tell.
    Of a call that was deleted, or a leg of one, nothing is taken in: what is returned then is the tombstone.
    """
    call = lock(session, facts.call_sid) or _deleted_parent(session, facts) or _make(session, facts.call_sid)
    if call.deleted_at is not None:
        return call
    with session.no_autoflush:  # nothing in between reads what is set: one UPDATE does for all of it
        _complete(session, call, facts)
        if facts.status:
            _take_in(session, call, facts)
            if _is_later(facts.status, call.call_status):
                _move(session, call, facts.status, ask_after)
        if call.call_status in FINAL_CALL_STATUSES:
            call.duration = call.duration or facts.duration
            costs.work_out(session, call)
        call.updated_at = func.timezone("utc", func.now())
    session.flush()
    return call


def _deleted_parent(session: Session, facts: CallFacts) -> CallLog | None:
    if facts.parent_call_sid is None:
        return None
    parent = CallLog.call_sid == facts.parent_call_sid
    return session.scalar(select(CallLog).where(parent, CallLog.deleted_at.is_not(None)))


def _make(session: Session, call_sid: str) -> CallLog:
    session.execute(MAKE, {"new_sid": call_sid})
    call = lock(session, call_sid)
    if call is None:
        raise LookupError("a call that was just made is gone")
    return call


def _complete(session: Session, call: CallLog, facts: CallFacts) -> None:
    known = _found_by(call)
    call.from_number = call.from_number or facts.from_number
    call.to_number = call.to_number or facts.to_number
    call.twilio_direction = call.twilio_direction or facts.direction
    call.parent_call_sid = call.parent_call_sid or facts.parent_call_sid
    if facts.direction and not call.direction:
        call.direction = "outbound" if facts.is_outbound else "inbound"
    if call.business_id is None and call.direction:
        assign(session, call)
    if _found_by(call) != known:
        search.write(session, [call.id])


def _found_by(call: CallLog) -> tuple[object, ...]:
    """What a search finds a call by before anything was said."""
    return call.business_id, call.direction, call.from_number, call.to_number


def assign(session: Session, call: CallLog) -> None:
    """Give the call to the business whose number was called, or which called; to nobody when that is unclear.

    The leg of a forwarded call, which may show the caller's number, belongs to whom the whole call does.
    """
    ours = call.from_number if call.direction == "outbound" else call.to_number
    owner = businesses.owner_of(session, ours)
    call.business_id = owner.id if owner else _owner_of_whole(session, call)
    if call.business_id:
        tasks.change_line(session, call)


def _owner_of_whole(session: Session, call: CallLog) -> int | None:
    whole = CallLog.call_sid == call.parent_call_sid
    return session.scalar(select(CallLog.business_id).where(whole)) if call.parent_call_sid else None


def give(session: Session, call: CallLog, business_id: int, *, said_by: str) -> None:
    """Somebody says whose the call is, which is locked and nobody's so far."""
    call.business_id = business_id
    tasks.change_line(session, call)
    search.write(session, [call.id])
    events.note(session, call.id, Event.ASSIGNED, said_by=said_by)


def _is_later(status: str, known: str | None) -> bool:
    return CALL_STATUS_ORDER[status] > CALL_STATUS_ORDER.get(known or "", -1)


def _take_in(session: Session, call: CallLog, facts: CallFacts) -> None:
    """What was said belongs to the call's story, also when it comes late."""
    events.note(
        session,
        call.id,
        Event.CALL_STATUS,
        said_by=TWILIO,
        once=f"call:{facts.status}",
        status=facts.status,
        duration=facts.duration,
    )
    if facts.status == "in-progress":
        now = None if call.call_status in FINAL_CALL_STATUSES else func.timezone("utc", func.now())
        call.answered_at = call.answered_at or facts.at or now


def _move(session: Session, call: CallLog, status: str, ask_after: float) -> None:
    call.call_status = status
    if status in UNANSWERED_CALL_STATUSES and not stages.has_recording_ended(call):
        stages.settle_without_recording(session, call, said_by=TWILIO)
    if status in FINAL_CALL_STATUSES:
        stages.look_until_the_end(session, call, ask_after=ask_after)


def seconds_since_end(session: Session, call: CallLog) -> float:
    """How long ago the call hung up, by the database's clock."""
    age = func.extract("epoch", func.timezone("utc", func.now()) - CallLog.created_at)
    return float(session.scalar(select(age).where(CallLog.id == call.id)) or 0) - (call.duration or 0)
