"""Who is asking: a session from the sign-in page, or a bearer token."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Request, abort
from flask import session as cookie
from flask_babel import gettext
from flask_login import LoginManager, UserMixin, current_user, login_user, user_logged_out
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from db import access, patience, users
from db.models import User
from db.words import Role
from web.house import house

HASHER = PasswordHasher()
"""Slow on purpose, so never within a transaction of a request."""

NOBODY = HASHER.hash("the password of nobody")
"""Verified against when the user does not exist, so that the answer takes as long."""

ARGON2 = "$argon2"
LEGACY = ("pbkdf2:", "scrypt:")
"""Hashes of existing installations, made by werkzeug: accepted once, and renewed with the password they let in."""

NUL = "\0"
"""PostgreSQL has no text with it."""

BEARER = "Bearer "

RANKS = {Role.AGENT: 0, Role.MANAGER: 1, Role.OPERATOR: 2}
"""Each role may also do what those below it may."""

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Reader(UserMixin):
    """Somebody signed in, for the length of a request."""

    id: int
    email: str
    role: Role
    business_id: int | None
    business_name: str | None = None
    business_language: str | None = None
    time_zone: str = "UTC"
    session_token: str | None = field(default=None, repr=False)

    def get_id(self) -> str:
        """What the session cookie carries."""
        return self.session_token or ""

    def may_act_as(self, role: Role) -> bool:
        """Whether the reader has this role, or one above it."""
        return RANKS[self.role] >= RANKS[role]

    @property
    def is_operator(self) -> bool:
        return self.may_act_as(Role.OPERATOR)

    @property
    def manages(self) -> bool:
        return self.may_act_as(Role.MANAGER)


def reader() -> Reader:
    """Who is asking; 401 for nobody."""
    if not current_user.is_authenticated:
        abort(401)
    return cast(Reader, current_user._get_current_object())


def needs(role: Role) -> Callable[[Callable[Asked, Answer]], Callable[Asked, Answer]]:
    """The view is for those with this role or one above it: 401 for nobody, 403 for others, saying who can give it."""

    def guard(view: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
        @wraps(view)
        def guarded(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
            if not reader().may_act_as(role):
                abort(403, _who_can_give(role))
            return view(*args, **kwargs)

        return guarded

    return guard


def _who_can_give(role: Role) -> str:
    if role is Role.OPERATOR:
        return gettext("Only operators may do this. Another operator can make you one.")
    return gettext("Only managers and operators may do this. A manager of your business can make you one.")


def init_app(app: Flask) -> None:
    """Teach the app to recognise sessions and tokens."""
    login = LoginManager(app, add_context_processor=False)  # pages that tell of a dead database must not ask it
    login.session_protection = None  # a phone changes its address on the way; what ends a session is its token
    login.user_loader(_by_session)
    login.request_loader(_by_token)
    user_logged_out.connect(_end_session, app)


def sign_in(email: str, password: str) -> Reader | None:
    """The reader whose password this is; an unknown user takes as long as a wrong password."""
    with house().database.transaction() as session:
        user = None if NUL in email else users.by_email(session, email)
    known = user.password_hash if user else None
    if not _verifies(known or NOBODY, password) or user is None:
        return None
    renewed = None if user.password_hash.startswith(ARGON2) else hashed(password)
    with house().database.transaction() as session:
        return _let_in(session, user.id, renewed)


def change_password(who: Reader, old: str, new: str) -> Reader | None:
    """The reader with a session of a new token, all others having ended; None when the old password is wrong."""
    with house().database.transaction() as session:
        user = users.by_id(session, who.id)
    if user is None or not _verifies(user.password_hash, old):
        return None
    password_hash = hashed(new)
    with house().database.transaction() as session:
        access.set_password(session, session.get_one(User, who.id), password_hash)
        return _let_in(session, who.id)


def _let_in(session: Session, user_id: int, renewed: str | None = None) -> Reader | None:
    """A new session, unless the user has been made inactive while the password was looked at."""
    user = users.by_id(session, user_id)
    if user is None:
        return None
    user.password_hash = renewed or user.password_hash
    users.note_login(user)
    return _reader(user, users.add_token(session, user, users.SESSION))


def begin_session(found: Reader) -> None:
    """From here on this browser is the reader's. What its cookie held before may be known to somebody else."""
    cookie.clear()
    login_user(found)


def hashed(password: str) -> str:
    """What is kept of a password."""
    with patience.paused():
        return HASHER.hash(password)


def _verifies(stored: str, password: str) -> bool:
    try:
        with patience.paused():
            if stored.startswith(LEGACY):
                return check_password_hash(stored, password)
            return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError, ValueError):
        return False


def _by_session(token: str) -> Reader | None:
    with house().database.transaction() as session:
        user = users.by_session(session, token)
        return _reader(user, token) if user else None


def _end_session(app: Flask, user: object) -> None:
    if isinstance(user, Reader) and user.session_token:
        with house().database.transaction() as session:
            users.revoke_token(session, user.session_token)


def _by_token(request: Request) -> Reader | None:
    header = request.headers.get("Authorization", "")
    if not header.startswith(BEARER):
        return None
    with house().database.transaction() as session:
        user = users.by_token(session, header.removeprefix(BEARER))
        return _reader(user) if user else None


def known_zone(name: str | None) -> str:
    """An old installation may have put anything there."""
    try:
        return ZoneInfo(name or "UTC").key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def _reader(user: User, session_token: str | None = None) -> Reader:
    """With all that a page needs to know of its reader, so that none asks again while it holds a connection."""
    business = user.business
    return Reader(
        user.id,
        user.email,
        users.role_of(user),
        user.business_id,
        business.name if business else None,
        business.language if business else None,
        known_zone(business.time_zone) if business else "UTC",
        session_token,
    )
