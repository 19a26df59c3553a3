"""Who signs in, and what their tokens open."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Boolean, bindparam, delete, func, select, text, true, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.elements import ColumnElement

from db.models import ApiToken, User
from db.words import Role

USED_AGAIN = timedelta(minutes=1)
"""How fine the last use of a token is noted: all requests with it would wait in line to write the same row."""

ROLES = {
    "system_admin": Role.OPERATOR,
    "owner": Role.MANAGER,
    "admin": Role.MANAGER,
    "manager": Role.MANAGER,
}
"""What `users.role` says, in the words of existing installations; whatever else it says is an agent. Our own users are
kept in the same words: some installation's "operator" works the switchboard of one business, and must not see all."""

STORED_AS = {Role.OPERATOR: "system_admin", Role.MANAGER: "manager", Role.AGENT: "agent"}

TOKEN_BYTES = 32
SESSION = "session"
"""The name of the tokens that browsers keep: signing out revokes them, so that a copied cookie ends too."""

SESSION_LASTS = timedelta(days=14)
"""Since the browser was last here."""

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('users'), hashtext(:email))")
"""Of those who add the same address."""


OPENED_BY = (
    select(ApiToken, User)
    .join(User, User.id == ApiToken.user_id)
    .where(
        ApiToken.token_sha256 == bindparam("fingerprint"),
        ApiToken.revoked_at.is_(None),
        (ApiToken.name == SESSION) == bindparam("is_session", type_=Boolean),
        User.is_active.is_not(False),
    )
    .options(joinedload(User.business))
)
"""Asked with every request, so it is put together once; with the business, which every page needs."""


def role_of(user: User) -> Role:
    """The user's role in our words."""
    return ROLES.get((user.role or "").strip().lower(), Role.AGENT)


def by_email(session: Session, email: str) -> User | None:
    """The active user with that address, however it is capitalised; of two who differ only so, the one who writes it
    the same way."""
    return _by_email(session, email, _is_active())


def by_any_email(session: Session, email: str) -> User | None:
    """The same, also somebody inactive."""
    return _by_email(session, email, true())


def _by_email(session: Session, email: str, is_meant: ColumnElement[bool]) -> User | None:
    wanted = select(User).where(func.lower(User.email) == email.strip().lower(), is_meant)
    return session.scalar(wanted.order_by((User.email == email.strip()).desc(), User.id).limit(1))


def by_id(session: Session, user_id: int) -> User | None:
    """The active user with that id."""
    return session.scalar(select(User).where(User.id == user_id, _is_active()))


def by_token(session: Session, token: str) -> User | None:
    """The active user a bearer token speaks for; notes that it was used. A browser's session is no bearer token."""
    return _by(session, token, is_session=False)


def by_session(session: Session, token: str) -> User | None:
    """The active user whose browser keeps this token; notes that it was used."""
    return _by(session, token, is_session=True)


def _by(session: Session, token: str, *, is_session: bool) -> User | None:
    row = session.execute(OPENED_BY, {"fingerprint": fingerprint(token), "is_session": is_session}).one_or_none()
    if row is None:
        return None
    token_row, user = row
    if token_row.last_used_at is None or datetime.now(UTC) - token_row.last_used_at > USED_AGAIN:
        token_row.last_used_at = func.now()
    return user


def note_login(user: User) -> None:
    """The user has just signed in."""
    user.last_login = datetime.now(UTC)


def is_free(session: Session, email: str) -> bool:
    """Whether nobody has this address, also nobody inactive; until the transaction ends nobody else is told so."""
    session.execute(ONE_AT_A_TIME, {"email": email.strip().lower()})
    return by_any_email(session, email) is None


def add(session: Session, *, email: str, password_hash: str, role: Role, business_id: int | None) -> User:
    """A new user, whose address is free; the password is already hashed."""
    user = User(email=email.strip(), password_hash=password_hash, role=STORED_AS[role], business_id=business_id)
    session.add(user)
    session.flush()
    return user


def add_token(session: Session, user: User, name: str) -> str:
    """A new bearer token: the only time it can be read."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(ApiToken(user_id=user.id, name=name, token_sha256=fingerprint(token)))
    return token


def revoke_token(session: Session, token: str) -> None:
    """From now on the token opens nothing."""
    mine = ApiToken.token_sha256 == fingerprint(token)
    session.execute(update(ApiToken).where(mine, ApiToken.revoked_at.is_(None)).values(revoked_at=func.now()))


def forget_sessions(session: Session) -> None:
    """Drop the tokens of browsers whose cookies have ended."""
    last_seen = func.coalesce(ApiToken.last_used_at, ApiToken.created_at)
    session.execute(delete(ApiToken).where(ApiToken.name == SESSION, last_seen < func.now() - SESSION_LASTS))


def fingerprint(token: str) -> str:
    """All that is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _is_active() -> ColumnElement[bool]:
    return User.is_active.is_not(False)
