"""A reader's own settings: who they are, their password, the browsers they are signed in with, their tokens."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from db import tokens, users
from db.words import Role
from web import auth, rules
from web.auth import needs, reader
from web.cursor import GREATEST_ID
from web.house import house
from web.pages.blueprint import pages
from web.pages.forms import Form, Ruled


class PasswordForm(Form):
    """The old password, and the new one twice: what is mistyped once would lock its owner out."""

    old = Ruled(str)
    new = Ruled(rules.password)
    again = Ruled(str)


class TokenForm(Form):
    """What a token is for."""

    name = Ruled(rules.token_name)


@pages.get("/settings")
@needs(Role.AGENT)
def settings() -> ResponseReturnValue:
    """Who is reading, and what lets them in."""
    return _page()


@pages.post("/settings/password")
@needs(Role.AGENT)
def change_password() -> ResponseReturnValue:
    """A new password ends all other sessions, and this one goes on under a new token."""
    who, form = reader(), PasswordForm()
    if not form.validate():
        return _page(password=form, status=400)
    if form.new.data != form.again.data:
        form.again.errors = [gettext("This is another password than the one above.")]
        return _page(password=form, status=400)
    renewed = auth.change_password(who, form.old.value, form.new.value)
    if renewed is None:
        form.old.errors = [gettext("This is not your password.")]
        return _page(password=form, status=400)
    auth.begin_session(renewed)
    return _done(gettext("Your password is changed. Other browsers have to sign in again."))


@pages.post("/settings/sessions/end")
@needs(Role.AGENT)
def end_session() -> ResponseReturnValue:
    """Sign another browser out."""
    _end(_wanted())
    return _done(gettext("That browser is signed out."))


@pages.post("/settings/sessions/end-others")
@needs(Role.AGENT)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out every browser but this one."""
    with house().database.transaction() as session:
        tokens.end_sessions(session, reader().id, but=reader().session_token)
    return _done(gettext("All other browsers are signed out."))


@pages.post("/settings/tokens")
@needs(Role.AGENT)
def add_token() -> ResponseReturnValue:
    """A new token, shown this once: we keep its fingerprint only."""
    who, form = reader(), TokenForm()
    if not form.validate():
        return _page(token=form, status=400)
    with house().database.transaction() as session:
        user = users.by_id(session, who.id) or abort(401)
        made = users.add_token(session, user, form.name.value)
    return _page(made=made)


@pages.post("/settings/tokens/revoke")
@needs(Role.AGENT)
def revoke_token() -> ResponseReturnValue:
    """From now on the token opens nothing."""
    _end(_wanted())
    return _done(gettext("The token opens nothing any more."))


def _wanted() -> int:
    wanted = request.form.get("id", 0, type=int)
    return wanted if 0 < wanted <= GREATEST_ID else abort(404)


def _end(token_id: int) -> None:
    """404 for somebody else's, as for one that does not exist."""
    with house().database.transaction() as session:
        if not tokens.end(session, reader().id, token_id):
            abort(404)


def _done(words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("pages.settings"), 303)


def _page(
    *, password: PasswordForm | None = None, token: TokenForm | None = None, made: str | None = None, status: int = 200
) -> tuple[str, int]:
    who = reader()
    with house().database.transaction() as session:
        found: dict[str, Any] = {
            "tokens": tokens.of_user(session, who.id),
            "sessions": tokens.sessions_of(session, who.id),
        }
    forms = {"password": password or PasswordForm(None), "token": token or TokenForm(None)}
    here = users.fingerprint(who.session_token or "")
    return render_template("settings.html", who=who, this_browser=here, made=made, **forms, **found), status
