"""What only operators see: all businesses, numbers that two of them claim, and calls that belong to none."""

from collections import Counter

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import businesses as db_businesses
from db import calls
from db.models import User
from db.words import Role, Stage
from web import loader, present, reach, rules
from web.auth import needs, reader
from web.cursor import GREATEST_ID
from web.house import house
from web.pages.blueprint import pages
from web.pages.business import NumberForm
from web.pages.forms import Ruled

MOST_SHOWN = 100
GIVEN_AT_ONCE = 200
"""Calls that change hands in one request, which has two seconds."""


class NewBusinessForm(NumberForm):
    """The least that a business is: a name, and a number to call it at."""

    name = Ruled(rules.name)


@pages.get("/operator/businesses")
@needs(Role.OPERATOR)
def businesses() -> ResponseReturnValue:
    """All of them, with what one looks for first."""
    return _businesses(NewBusinessForm(None))


@pages.post("/operator/businesses")
@needs(Role.OPERATOR)
def add_business() -> ResponseReturnValue:
    """A new one; its other settings are the next page."""
    form = NewBusinessForm()
    if not form.validate():
        return _businesses(form, 400)
    with house().database.transaction() as session:
        made = db_businesses.add(session, form.name.value, [form.number.value])
    flash(gettext("The business is there. Say what callers hear, and add its people."))
    return redirect(url_for("pages.business", business_id=made.id), 303)


@pages.post("/operator/businesses/<int:business_id>/active")
@needs(Role.OPERATOR)
def change_business_activity(business_id: int) -> ResponseReturnValue:
    """An inactive business gets no calls; its people read on what is there."""
    is_active = request.form.get("active") == "yes"
    with house().database.transaction() as session:
        reach.load_business(session, reader(), business_id).is_active = is_active
    flash(gettext("The business gets calls again.") if is_active else gettext("The business gets no calls any more."))
    return redirect(url_for("pages.businesses"), 303)


@pages.get("/operator/numbers")
@needs(Role.OPERATOR)
def numbers() -> ResponseReturnValue:
    """Those that more than one business claims."""
    with house().database.transaction() as session:
        contested = db_businesses.contested(session)
    return render_template("numbers.html", contested=contested)


@pages.post("/operator/numbers")
@needs(Role.OPERATOR)
def settle_number() -> ResponseReturnValue:
    """The number is one business's from now on; calls that came meanwhile are given to it by hand."""
    number = request.form.get("number", "")
    with house().database.transaction() as session:
        business = reach.load_business(session, reader(), request.form.get("business", 0, type=int))
        if not db_businesses.settle_number(session, number, business.id):
            abort(404)
    flash(gettext("The number belongs to %(name)s now.", name=business.name))
    return redirect(url_for("pages.numbers"), 303)


@pages.get("/operator/unassigned")
@needs(Role.OPERATOR)
def unassigned() -> ResponseReturnValue:
    """The newest calls that belong to no business."""
    with house().database.transaction() as session:
        found = loader.unassigned_calls(session, reader(), limit=MOST_SHOWN)
        fields = present.present_list(session, found, house().settings.business_slots)
        shown = [call_fields | {"id": call.id} for call, call_fields in zip(found, fields, strict=True)]
        owners = [one for one in db_businesses.listed(session) if one.is_active is not False]
    return render_template("unassigned.html", calls=shown, businesses=owners, at_once=GIVEN_AT_ONCE)


@pages.post("/operator/unassigned")
@needs(Role.OPERATOR)
def give_calls() -> ResponseReturnValue:
    """These calls, and if wanted all others of the same numbers, are that business's; they wait in its lines now."""
    ids = [id for id in request.form.getlist("id", type=int)[:MOST_SHOWN] if 0 < id <= GREATEST_ID]
    said_by = f"user:{reader().id}"
    with house().database.transaction() as session:
        business = reach.load_business(session, reader(), request.form.get("business", 0, type=int))
        found = loader.lock_unassigned(
            session, reader(), ids, with_their_numbers="whole_number" in request.form, limit=GIVEN_AT_ONCE
        )
        for call in found:
            calls.give(session, call, business.id, said_by=said_by)
    for stage in Stage if found else ():
        house().admit(stage, found[0])
    flash(
        ngettext(
            "%(num)s call belongs to %(name)s now.",
            "%(num)s calls belong to %(name)s now.",
            len(found),
            name=business.name,
        )
    )
    return redirect(url_for("pages.unassigned"), 303)


def _businesses(form: NewBusinessForm, status: int = 200) -> tuple[str, int]:
    with house().database.transaction() as session:
        listed, numbers = db_businesses.listed(session), db_businesses.numbers(session)
        people, contested = _people(session), db_businesses.contested(session)
    facts = {"businesses": listed, "numbers": numbers, "people": people, "contested": contested}
    return render_template("businesses.html", form=form, **facts), status


def _people(session: Session) -> Counter[int]:
    """How many people of each business may sign in."""
    counted = select(User.business_id, func.count()).where(User.is_active.is_not(False)).group_by(User.business_id)
    return Counter({business_id: count for business_id, count in session.execute(counted) if business_id})
