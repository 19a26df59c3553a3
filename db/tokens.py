"""A user's tokens and sessions, as their owner sees and ends them. A session is the token a browser keeps."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db.models import ApiToken
from db.users import SESSION, SESSION_LASTS, fingerprint

MOST_SHOWN = 50


def of_user(session: Session, user_id: int) -> Sequence[ApiToken]:
    """The tokens that still open something, newest first."""
    return _newest(session, _is_open(user_id), ApiToken.name != SESSION)


def sessions_of(session: Session, user_id: int) -> Sequence[ApiToken]:
    """The browsers that are signed in, newest first."""
    last_seen = func.coalesce(ApiToken.last_used_at, ApiToken.created_at)
    return _newest(session, _is_open(user_id), _is_session(), last_seen > func.now() - SESSION_LASTS)


def end(session: Session, user_id: int, token_id: int) -> bool:
    """The user's token or session opens nothing any more; False where the user has none with that id."""
    return _end(session, _is_open(user_id), ApiToken.id == token_id)


def end_sessions(session: Session, user_id: int, *, but: str | None = None) -> None:
    """Sign the user out everywhere; `but` is the token of the browser that may stay."""
    kept = fingerprint(but) if but else ""
    _end(session, _is_open(user_id), _is_session(), ApiToken.token_sha256 != kept)


def end_all(session: Session, user_id: int) -> None:
    """No token and no session of the user opens anything any more."""
    _end(session, _is_open(user_id))


def _newest(session: Session, *which: ColumnElement[bool]) -> Sequence[ApiToken]:
    return session.scalars(
        select(ApiToken).where(*which).order_by(ApiToken.created_at.desc(), ApiToken.id.desc()).limit(MOST_SHOWN)
    ).all()


def _end(session: Session, *which: ColumnElement[bool]) -> bool:
    ended = update(ApiToken).where(*which).values(revoked_at=func.now()).returning(ApiToken.id)
    return bool(session.scalars(ended).all())


def _is_open(user_id: int) -> ColumnElement[bool]:
    return (ApiToken.user_id == user_id) & ApiToken.revoked_at.is_(None)


def _is_session() -> ColumnElement[bool]:
    return ApiToken.name == SESSION
