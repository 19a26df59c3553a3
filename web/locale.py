"""The reader's language and time zone."""

from flask import Flask, request
from flask_babel import Babel, get_locale
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from web.auth import Reader

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
    """What the address asks for, else what was chosen here, else the business's or the browser's own."""
    reader = signed_in()
    wishes = (
        request.args.get("lang"),
        request.cookies.get("lang"),
        reader.business_language if reader else None,
    )
    return next((wish for wish in wishes if wish in LANGUAGES), None) or _browsers() or LANGUAGES[0]


def time_zone() -> str:
    """The business's; UTC for operators of no business, who see many."""
    reader = signed_in()
    return reader.time_zone if reader else "UTC"


def _browsers() -> str | None:
    return request.accept_languages.best_match(LANGUAGES)


def _direction() -> str:
    return "rtl" if str(get_locale()) in RIGHT_TO_LEFT else "ltr"
