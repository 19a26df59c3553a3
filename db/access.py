"""Who may come in, changed: roles, passwords, inactive users, and the sessions that end with each change."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db import tokens, users
from db.models import User
from db.words import Role


class Refusal(StrEnum):
    """Why somebody's access is not changed."""

    YOURSELF = "yourself"
    """Whoever asks would lock themselves out; somebody else can do it."""
    LAST_MANAGER = "last_manager"
    """Nobody of the business could set it up any more."""
    LAST_OPERATOR = "last_operator"
    """Nobody could make operators any more."""
    NO_BUSINESS = "no_business"
    """Only operators can do without a business."""


class Conflict(Exception):
    """The access stays as it is, for a reason."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def of_business(session: Session, business_id: int | None) -> Sequence[User]:
    """Its users, those who may come in first."""
    mine = select(User).where(User.business_id.is_not_distinct_from(business_id))
    return session.scalars(mine.order_by(User.is_active.is_(False), func.lower(User.email), User.id)).all()


def change_role(session: Session, user: User, role: Role, *, by: int | None) -> None:
    """Give the user this role; `by` is the user who asks, None for a command. Raises Conflict."""
    if users.role_of(user) is role:
        return
    if role is not Role.OPERATOR and user.business_id is None:
        raise Conflict(Refusal.NO_BUSINESS)
    _keep_somebody(session, user, role, by)
    user.role = users.STORED_AS[role]
    tokens.end_sessions(session, user.id)


def set_password(session: Session, user: User, password_hash: str) -> None:
    """From now on this password lets the user in, and nothing that the old one has opened."""
    user.password_hash = password_hash
    tokens.end_sessions(session, user.id)


def make_inactive(session: Session, user: User, *, by: int | None) -> None:
    """Let the user in no more, also not by tokens; active again, new ones are needed. Raises Conflict."""
    _keep_somebody(session, user, None, by)
    user.is_active = False
    tokens.end_all(session, user.id)


def _keep_somebody(session: Session, user: User, becomes: Role | None, by: int | None) -> None:
    """Refuse what nobody could undo. Whoever else does the same at this moment waits until we are done."""
    was = users.role_of(user)
    if becomes is Role.OPERATOR or user.is_active is False:
        return
    if user.id == by:
        raise Conflict(Refusal.YOURSELF)
    if was is Role.OPERATOR and not _is_there_another(session, user, _may_be_operator()):
        raise Conflict(Refusal.LAST_OPERATOR)
    if was is Role.MANAGER and not _is_there_another(session, user, User.business_id == user.business_id):
        raise Conflict(Refusal.LAST_MANAGER)


def _is_there_another(session: Session, user: User, among: ColumnElement[bool]) -> bool:
    """Whether another active user has the same role; locks them all, in the order of their ids."""
    rows = session.scalars(
        select(User)
        .where(among)
        .order_by(User.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    role = users.role_of(user)
    return any(row.id != user.id and row.is_active is not False and users.role_of(row) is role for row in rows)


def _may_be_operator() -> ColumnElement[bool]:
    """More rows than there are operators: how old installations write it, only users.role_of knows."""
    return func.lower(User.role).contains(users.STORED_AS[Role.OPERATOR])
