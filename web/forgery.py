"""Whoever comes with a browser's cookie must show that our own page sent them."""

from functools import partial

from flask import Blueprint, Flask, abort, request
from flask_babel import gettext
from flask_login import current_user
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

from web.api import api


def init_app(app: Flask, *exempt: Blueprint) -> None:
    """Ask for the token wherever something may change. `exempt`: those that know by other means who is asking."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # asked below, where it is known whether a cookie speaks
    csrf = CSRFProtect(app)
    for blueprint in exempt:
        csrf.exempt(blueprint)
    app.before_request(partial(_refuse_forgeries, csrf))


def _refuse_forgeries(csrf: CSRFProtect) -> None:
    if request.blueprint == api.name and not _comes_with_a_cookie():
        return  # a bearer token is added by no browser; without either the API answers 401
    try:
        csrf.protect(apply_exemptions=True)
    except CSRFError:
        abort(403, gettext("The page was open for long, or another site sent this. Reload the page and try again."))


def _comes_with_a_cookie() -> bool:
    return bool(current_user.is_authenticated and current_user.session_token)
