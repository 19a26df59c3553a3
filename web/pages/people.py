"""The people of a business: who signs in, as what, and who does not any more."""

import secrets
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from db import access, businesses, users
from db.access import Conflict, Refusal
from db.models import User
from db.words import Role
from web import reach, rules
from web.auth import hashed, needs, reader
from web.house import house
from web.pages.blueprint import pages
from web.pages.forms import Form, Ruled

GENERATED_BYTES = 12
"""Of a password made here: 96 bits in 16 characters, since it is copied, not remembered."""


def password_or_made(text: str) -> str:
    """The password typed, or one that nobody has thought of."""
    return rules.password(text) if text else secrets.token_urlsafe(GENERATED_BYTES)


def role_to_give(text: str) -> Role:
    """One of the roles that the reader may give."""
    found = {role.value: role for role in reach.roles_to_give(reader())}.get(text)
    if found is None:
        raise rules.Wrong(gettext("Choose one of the roles."))
    return found


class RoleForm(Form):
    """What somebody may do."""

    role = Ruled(role_to_give)


class NewPasswordForm(Form):
    """A password that somebody else sets."""

    password = Ruled(password_or_made)


class UserForm(RoleForm, NewPasswordForm):
    """Somebody new."""

    email = Ruled(rules.email)


@pages.get("/settings/people")
@needs(Role.MANAGER)
def people() -> ResponseReturnValue:
    """A manager's own; operators look at one business after the other, or at those who are of none."""
    return _page(_business_asked_for())


@pages.post("/settings/people")
@needs(Role.MANAGER)
def add_user() -> ResponseReturnValue:
    """Somebody new; a password that was made here is shown this once."""
    business_id, form = _business_asked_for(), UserForm()
    if not form.validate():
        return _page(business_id, form=form, status=400)
    if business_id is None and form.role.value is not Role.OPERATOR:
        form.role.errors = [refused(Refusal.NO_BUSINESS)]
        return _page(business_id, form=form, status=400)
    password_hash = hashed(form.password.value)
    with house().database.transaction() as session:
        reach.require_people_of(session, reader(), business_id)
        is_new = users.is_free(session, form.email.value)
        if is_new:
            role, email = form.role.value, form.email.value
            users.add(session, email=email, password_hash=password_hash, role=role, business_id=business_id)
    if not is_new:
        form.email.errors = [gettext("Somebody has this address already.")]
        return _page(business_id, form=form, status=409)
    return _page(business_id, made=_made(form.email.value, form))


@pages.post("/settings/people/<int:user_id>/role")
@needs(Role.MANAGER)
def change_role(user_id: int) -> ResponseReturnValue:
    """Another role; whoever is signed in with the old one signs in again."""
    form = RoleForm()
    is_valid = form.validate()

    def change(session: Session, user: User) -> str:
        if not is_valid:
            raise rules.Wrong(form.role.errors[0])
        access.change_role(session, user, form.role.value, by=reader().id)
        return gettext("%(email)s has another role.", email=user.email)

    return _change(user_id, change)


@pages.post("/settings/people/<int:user_id>/active")
@needs(Role.MANAGER)
def change_activity(user_id: int) -> ResponseReturnValue:
    """Let somebody in again, or no more."""

    def change(session: Session, user: User) -> str:
        if request.form.get("active") == "yes":
            user.is_active = True
            return gettext("%(email)s can sign in again.", email=user.email)
        access.make_inactive(session, user, by=reader().id)
        return gettext("%(email)s cannot sign in any more.", email=user.email)

    return _change(user_id, change)


@pages.post("/settings/people/<int:user_id>/password")
@needs(Role.MANAGER)
def set_password(user_id: int) -> ResponseReturnValue:
    """Another password, typed or made; whoever is signed in with the old one signs in again."""
    if user_id == reader().id:
        return redirect(url_for("pages.settings"), 303)  # where the old password is asked for
    form = NewPasswordForm()
    password_hash = hashed(form.password.value) if form.validate() else None
    with house().database.transaction() as session:
        user = reach.load_user(session, reader(), user_id)
        if password_hash:
            access.set_password(session, user, password_hash)
    if form.errors:
        return _page(user.business_id, problem=form.password.errors[0], status=400)
    return _page(user.business_id, made=_made(user.email, form))


def refused(refusal: Refusal) -> str:
    """Why not, and what one can do instead."""
    return {
        Refusal.YOURSELF: gettext("You would lock yourself out. Somebody else can do this for you."),
        Refusal.LAST_MANAGER: gettext("Nobody else manages this business. Make somebody else a manager first."),
        Refusal.LAST_OPERATOR: gettext("There is no other operator. Make somebody else an operator first."),
        Refusal.NO_BUSINESS: gettext("Only operators can do without a business."),
    }[refusal]


def _change(user_id: int, change: Callable[[Session, User], str]) -> ResponseReturnValue:
    """Change somebody within reach; the words `change` answers with are shown on the next page."""
    try:
        with house().database.transaction() as session:
            user = reach.load_user(session, reader(), user_id)
            business_id = user.business_id
            words = change(session, user)
    except Conflict as conflict:
        return _page(business_id, problem=refused(conflict.reason), status=409)
    except rules.Wrong as wrong:
        return _page(business_id, problem=str(wrong), status=400)
    flash(words)
    return redirect(_address(business_id), 303)


def _made(email: str, form: NewPasswordForm) -> dict[str, str | None]:
    """Whose password is new, and the password itself if nobody knows it yet."""
    return {"email": email, "password": None if form.password.data else form.password.value}


def _business_asked_for() -> int | None:
    """None, for operators alone, means those who are of no business."""
    asked = request.args.get("business", type=int)
    return asked if reader().is_operator else asked or reader().business_id or 0


def _address(business_id: int | None) -> str:
    return url_for("pages.people", business=business_id if reader().is_operator else None)


def _page(
    business_id: int | None,
    *,
    form: UserForm | None = None,
    made: dict[str, str | None] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> tuple[str, int]:
    with house().database.transaction() as session:
        shown: dict[str, Any] = {
            "people": reach.people_of(session, reader(), business_id),
            "businesses": businesses.listed(session) if reader().is_operator else [],
        }
    own = {"roles": reach.roles_to_give(reader()), "role_of": users.role_of, "address": _address(business_id)}
    facts = {"business_id": business_id, "form": form or UserForm(None), "made": made, "problem": problem}
    return render_template("people.html", **shown, **own, **facts), status
