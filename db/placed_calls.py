"""Calls somebody has had us place, by the key of the request: a second press of the button is the same call."""

from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db.models import PlacedCall

BATCH = 5000


def begin(session: Session, user_id: int, key: str) -> bool:
    """Whether the call is ours to place; False for whoever comes second with the key."""
    row = insert(PlacedCall).values(user_id=user_id, key=key).on_conflict_do_nothing().returning(PlacedCall.key)
    return session.scalar(row) is not None


def call_of(session: Session, user_id: int, key: str) -> str | None:
    """The CallSid of the call that was placed under the key; None while nobody knows it."""
    return session.scalar(select(PlacedCall.call_sid).where(_is(user_id, key)))


def finish(session: Session, user_id: int, key: str, call_sid: str) -> None:
    """The phone company has placed it."""
    session.execute(update(PlacedCall).where(_is(user_id, key)).values(call_sid=call_sid))


def undo(session: Session, user_id: int, key: str) -> None:
    """There is no such call, and the key may be used again."""
    session.execute(delete(PlacedCall).where(_is(user_id, key)))


def forget(session: Session, *, older_than: timedelta) -> None:
    """Drop keys that nobody will come with any more."""
    old = select(PlacedCall.user_id, PlacedCall.key).where(PlacedCall.begun_at < func.now() - older_than).limit(BATCH)
    there = old.subquery()
    session.execute(delete(PlacedCall).where(PlacedCall.user_id == there.c.user_id, PlacedCall.key == there.c.key))


def _is(user_id: int, key: str) -> ColumnElement[bool]:
    return (PlacedCall.user_id == user_id) & (PlacedCall.key == key)
