"""Signing in and out, and the reader's language."""

from urllib.parse import urlsplit

from flask import abort, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from web import auth, rules
from web.locale import LANGUAGES
from web.pages.blueprint import pages

LANGUAGE_SECONDS = 365 * 24 * 3600
"""How long a browser remembers the language: a year, which is about the longest that browsers allow."""


class SignInForm(FlaskForm):
    """Who, and the password."""

    email = EmailField(validators=[InputRequired(), Length(max=rules.LONGEST)])
    password = PasswordField(validators=[InputRequired(), Length(max=rules.LONGEST)])


@pages.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in; wrong and unknown sound the same."""
    form, problem = SignInForm(), None
    if form.validate_on_submit():
        found = auth.sign_in(form.email.data, form.password.data)
        if found:
            auth.begin_session(found)
            return redirect(_own_path(request.args.get("next")))
        problem = gettext("The address or the password is wrong.")
    elif form.is_submitted():
        problem = gettext("Enter your address and your password.")
    return render_template("sign_in.html", form=form, problem=problem), 401 if problem else 200


@pages.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    cookie.clear()
    return redirect(url_for("pages.sign_in"))


@pages.get("/language/<code>")
def choose_language(code: str) -> ResponseReturnValue:
    """Remember the language in this browser, and go back to where its reader was."""
    if code not in LANGUAGES:
        abort(404)
    response = redirect(_own_path(request.args.get("next")))
    response.set_cookie("lang", code, max_age=LANGUAGE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _own_path(wanted: str | None) -> str:
    """Where to go next: a path of ours, or the first page."""
    parts = urlsplit(wanted or "")
    is_ours = parts.path.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in parts.path
    if not is_ours or parts.path.startswith("//"):
        return url_for("pages.recent_calls")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
