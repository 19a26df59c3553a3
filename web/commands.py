"""What each command of `python -m web.manage` does: within one transaction, its last line to be printed."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import access, businesses, tokens, users
from db.models import ApiToken, Business, User
from db.words import Role
from web.auth import hashed

Command = Callable[[Session, Namespace], str]

COLUMNS = {column.name for column in Business.__table__.columns} - {"id"}

REFUSED = {
    access.Refusal.LAST_MANAGER: "nobody else manages that business; make somebody else a manager first",
    access.Refusal.LAST_OPERATOR: "there is no other operator; make somebody else an operator first",
    access.Refusal.NO_BUSINESS: "only operators can do without a business",
}


def add_business(session: Session, wanted: Namespace) -> str:
    """A new business, called at these numbers."""
    columns = _columns(wanted)
    return str(businesses.add(session, columns.pop("name"), wanted.number, **columns).id)


def change_business(session: Session, wanted: Namespace) -> str:
    """Change what is given, and nothing else."""
    if not businesses.change(session, wanted.id, **_columns(wanted)):
        sys.exit(f"{wanted.id}: there is no such business")
    return str(wanted.id)


def list_businesses(session: Session, wanted: Namespace) -> str:
    """Id, name, whether it is active, and its numbers."""
    numbers = businesses.numbers(session)
    return _table(
        (one.id, one.name, _activity(one.is_active), ",".join(numbers.get(one.id, ())))
        for one in businesses.listed(session)
    )


def add_number(session: Session, wanted: Namespace) -> str:
    """The business is called at this number from now on."""
    _require_business(session, wanted.business)
    businesses.add_number(session, wanted.business, wanted.number)
    if businesses.claimed_by_others(session, wanted.business, [wanted.number]):
        sys.stderr.write("Another business claims this number too: its calls belong to neither.\n")
    return str(wanted.number)


def remove_number(session: Session, wanted: Namespace) -> str:
    """Calls to the number are not this business's any more."""
    if not businesses.remove_number(session, wanted.business, wanted.number):
        sys.exit(f"{wanted.number}: no number of business {wanted.business}")
    return str(wanted.number)


def add_user(session: Session, wanted: Namespace) -> str:
    """Somebody new who signs in."""
    role = Role(wanted.role)
    if wanted.business is None and role is not Role.OPERATOR:
        sys.exit("--business: needed for everybody but an operator")
    if not users.is_free(session, wanted.email):
        sys.exit(f"{wanted.email}: there is such a user already")
    if wanted.business is not None:
        _require_business(session, wanted.business)
    password_hash = hashed(wanted.password)
    added = users.add(session, email=wanted.email, password_hash=password_hash, role=role, business_id=wanted.business)
    return str(added.id)


def change_user(session: Session, wanted: Namespace) -> str:
    """Change what is given. The user's sessions end; made inactive, the tokens too."""
    user = _user(session, wanted.email)
    try:
        if wanted.role:
            access.change_role(session, user, Role(wanted.role), by=None)
        if wanted.password:
            access.set_password(session, user, hashed(wanted.password))
        if getattr(wanted, "is_active", None) is False:
            access.make_inactive(session, user, by=None)
        elif hasattr(wanted, "is_active"):
            user.is_active = True
    except access.Conflict as conflict:
        sys.exit(f"{wanted.email}: {REFUSED[conflict.reason]}")
    return str(user.id)


def list_users(session: Session, wanted: Namespace) -> str:
    """Id, business, address, role, whether active, and when last signed in."""
    query = select(User).order_by(User.business_id, User.id)
    if wanted.business is not None:
        query = query.where(User.business_id == wanted.business)
    return _table(
        (one.id, one.business_id, one.email, users.role_of(one), _activity(one.is_active), _moment(one.last_login))
        for one in session.scalars(query)
    )


def add_token(session: Session, wanted: Namespace) -> str:
    """A new bearer token: the only time it can be read."""
    user = users.by_email(session, wanted.email)
    if user is None:
        sys.exit(f"{wanted.email}: there is no such user")
    return users.add_token(session, user, wanted.name)


def list_tokens(session: Session, wanted: Namespace) -> str:
    """Id, name, when it was made, and when last used."""
    return _table(
        (one.id, one.name, _moment(one.created_at), _moment(one.last_used_at))
        for one in tokens.of_user(session, _user(session, wanted.email).id)
    )


def revoke_token(session: Session, wanted: Namespace) -> str:
    """From now on the token opens nothing."""
    token = session.get(ApiToken, wanted.id)
    if token is None or not tokens.end(session, token.user_id, token.id):
        sys.exit(f"{wanted.id}: there is no such token")
    return str(wanted.id)


def _columns(wanted: Namespace) -> dict[str, Any]:
    return {column: value for column, value in vars(wanted).items() if column in COLUMNS}


def _require_business(session: Session, business_id: int) -> None:
    if not businesses.exists(session, business_id):
        sys.exit(f"--business: there is no business {business_id}")


def _user(session: Session, email: str) -> User:
    """Also somebody inactive."""
    return users.by_any_email(session, email) or sys.exit(f"{email}: there is no such user")


def _table(rows: Iterable[tuple[object, ...]]) -> str:
    """One line a row, its fields with tabs between them."""
    return "\n".join("\t".join("" if field is None else str(field) for field in row) for row in rows)


def _activity(is_active: bool | None) -> str:
    return "inactive" if is_active is False else "active"


def _moment(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else "never"
