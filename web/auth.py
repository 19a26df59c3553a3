"""Who is asking: a session from the sign-in page, or a bearer token."""

from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Request, abort
from flask_login import LoginManager, UserMixin, current_user, user_logged_out
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from db import users
from db.models import User
from db.words import Role
from web.house import house

HASHER = PasswordHasher()
NOBODY = HASHER.hash("the password of nobody")
"""Verified against when the user does not exist, so that the answer takes as long."""

ARGON2 = "$argon2"
LEGACY = ("pbkdf2:", "scrypt:")
"""Hashes of existing installations, made by werkzeug: accepted once, and renewed with the password they let in."""

NUL = "\0"
"""PostgreSQL has no text with it."""

BEARER = "Bearer "


@dataclass(frozen=True)
class Reader(UserMixin):
    """Somebody signed in, for the length of a request."""

    id: int
    email: str
    role: Role
    business_id: int | None
    business_language: str | None = None
    time_zone: str = "UTC"
    session_token: str | None = field(default=None, repr=False)

    def get_id(self) -> str:
        """What the session cookie carries."""
        return self.session_token or ""

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR

    @property
    def may_retry(self) -> bool:
        return self.role in (Role.MANAGER, Role.OPERATOR)


def reader() -> Reader:
    """Who is asking; 401 for nobody."""
    if not current_user.is_authenticated:
        abort(401)
    return cast(Reader, current_user._get_current_object())


def init_app(app: Flask) -> None:
    """Teach the app to recognise sessions and tokens."""
    login = LoginManager(app, add_context_processor=False)  # pages that tell of a dead database must not ask it
    login.session_protection = None  # a phone changes its address on the way; what ends a session is its token
    login.user_loader(_by_session)
    login.request_loader(_by_token)
    user_logged_out.connect(_end_session, app)


def sign_in(session: Session, email: str, password: str) -> Reader | None:
    """The reader whose password this is; an unknown user takes as long as a wrong password."""
    user = None if NUL in email else users.by_email(session, email)
    if not _verifies((user and user.password_hash) or NOBODY, password) or user is None:
        return None
    if not user.password_hash.startswith(ARGON2):
        user.password_hash = HASHER.hash(password)
    users.note_login(user)
    return _reader(user, users.add_token(session, user, users.SESSION))


def _verifies(stored: str, password: str) -> bool:
    try:
        if stored.startswith(LEGACY):
            return check_password_hash(stored, password)
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError, ValueError):
        return False


def _by_session(token: str) -> Reader | None:
    with house().database.transaction() as session:
        user = users.by_token(session, token)
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


def _known_zone(name: str | None) -> str:
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
        business.language if business else None,
        _known_zone(business.time_zone) if business else "UTC",
        session_token,
    )
