"""The reader's language and time zone."""

from flask import Flask, g, request
from flask_babel import Babel, get_locale
from flask_login import current_user

from db.models import Business
from web.house import house

LANGUAGES = ("en", "he")
RIGHT_TO_LEFT = {"he"}


def init_app(app: Flask) -> None:
    """Choose both for every request."""
    Babel(app, locale_selector=language, timezone_selector=time_zone)
    app.context_processor(lambda: {"language": str(get_locale()), "direction": _direction()})


def language() -> str:
    """What the address asks for, else the reader's own, else their business's, else their browser's."""
    asked = request.args.get("lang") or request.cookies.get("lang")
    own = current_user.language if current_user.is_authenticated else None
    business = _business()
    wishes = (asked, own, business.language if business else None)
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
    if not current_user.is_authenticated or current_user.business_id is None:
        return None
    if "business" not in g:
        with house().database.transaction() as session:
            g.business = session.get(Business, current_user.business_id)
    return g.business
