"""The reader's language and time zone."""

from flask import Flask, g, request
from flask_babel import Babel, get_locale
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from db.models import Business
from web.auth import Reader
from web.house import house

LANGUAGES = ("en", "he")
RIGHT_TO_LEFT = {"he"}


def init_app(app: Flask) -> None:
    """Choose both for every request."""
    Babel(app, locale_selector=language, timezone_selector=time_zone)
    app.context_processor(lambda: {"language": str(get_locale()), "direction": _direction()})


def signed_in() -> Reader | None:
    """Who reads; nobody when the database cannot say, since the page that tells so is shown without it."""
    try:
        return current_user._get_current_object() if current_user.is_authenticated else None
    except SQLAlchemyError:
        return None


def language() -> str:
    """What the address asks for, else what was chosen here, else the reader's, the business's or the browser's own."""
    reader, business = signed_in(), _business()
    wishes = (
        request.args.get("lang"),
        request.cookies.get("lang"),
        reader.language if reader else None,
        business.language if business else None,
    )
    return next((wish for wish in wishes if wish in LANGUAGES), None) or _browsers() or LANGUAGES[0]


def time_zone() -> str:
    """The business's; UTC for operators, who see many."""
    business = _business()
    return business.time_zone if business else "UTC"


def _browsers() -> str | None:
    return request.accept_languages.best_match(LANGUAGES)


def _direction() -> str:
    return "rtl" if str(get_locale()) in RIGHT_TO_LEFT else "ltr"


def _business() -> Business | None:
    reader = signed_in()
    if reader is None or reader.business_id is None:
        return None
    if "business" not in g:
        g.business = _load(reader.business_id)
    return g.business


def _load(business_id: int) -> Business | None:
    try:
        with house().database.transaction() as session:
            return session.get(Business, business_id)
    except SQLAlchemyError:
        return None
