"""A business's settings: its name, its numbers, what callers hear and what is spoken on its calls."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import func
from sqlalchemy.orm import Session

from db import businesses
from db.models import Business
from db.words import Role
from web import reach, rules
from web.auth import needs, reader
from web.house import house
from web.pages import addresses
from web.pages.blueprint import pages
from web.pages.forms import Form, Ruled


class BusinessForm(Form):
    """Fields named like the columns they fill."""

    name = Ruled(rules.name)
    forward_number = Ruled(rules.number_or_none)
    greeting_message = Ruled(rules.greeting)
    language = Ruled(rules.language)
    spoken_languages = Ruled(rules.spoken_languages_or_none)
    vocabulary = Ruled(rules.vocabulary)
    time_zone = Ruled(rules.time_zone)


class NumberForm(Form):
    """A number the business is called at."""

    number = Ruled(rules.number)


@pages.get("/settings/business")
@needs(Role.MANAGER)
def own_business() -> ResponseReturnValue:
    """The reader's own; operators who have none choose one."""
    mine = reader().business_id
    if mine is None and reader().is_operator:
        return redirect(url_for("pages.businesses"))
    return _page(mine or 0)


@pages.get("/settings/business/<int:business_id>")
@needs(Role.MANAGER)
def business(business_id: int) -> ResponseReturnValue:
    """One business, for those who may set it up."""
    return _page(business_id)


@pages.post("/settings/business/<int:business_id>")
@needs(Role.MANAGER)
def change_business(business_id: int) -> ResponseReturnValue:
    """Store what was typed, if all of it can be."""
    form = BusinessForm()
    if not form.validate():
        return _page(business_id, form=form, status=400)
    with house().database.transaction() as session:
        reach.load_business(session, reader(), business_id)
        now = func.timezone("utc", func.now())
        businesses.change(session, business_id, **form.values(), updated_at=now)
    return _done(business_id, gettext("The settings are saved. They hold from the next call on."))


@pages.post("/settings/business/<int:business_id>/numbers")
@needs(Role.MANAGER)
def add_number(business_id: int) -> ResponseReturnValue:
    """The business is called at this number from now on. One that another business has, only an operator adds:
    claimed by two it would belong to neither, and anybody could cut others off."""
    form = NumberForm()
    if not form.validate():
        return _page(business_id, number=form, status=400)
    with house().database.transaction() as session:
        found = reach.load_business(session, reader(), business_id)
        is_taken = businesses.claimed_by_others(session, found.id, [form.number.value])
        if reader().is_operator or not is_taken:
            businesses.add_number(session, found.id, form.number.value)
    if is_taken and not reader().is_operator:
        form.number.errors = [gettext("Another business is called at this number. An operator can settle whose it is.")]
        return _page(business_id, number=form, status=409)
    return _done(business_id, gettext("The number is added."))


@pages.post("/settings/business/<int:business_id>/numbers/remove")
@needs(Role.MANAGER)
def remove_number(business_id: int) -> ResponseReturnValue:
    """Calls to the number are not this business's any more; those it has stay."""
    with house().database.transaction() as session:
        found = reach.load_business(session, reader(), business_id)
        businesses.remove_number(session, found.id, request.form.get("number", ""))
    return _done(business_id, gettext("The number is removed."))


def _done(business_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("pages.business", business_id=business_id), 303)


def _page(
    business_id: int, *, form: BusinessForm | None = None, number: NumberForm | None = None, status: int = 200
) -> tuple[str, int]:
    with house().database.transaction() as session:
        found = reach.load_business(session, reader(), business_id)
        shown = _shown(session, found)
    form = form or BusinessForm(None, data=_typed(found))
    lists = {"time_zones": rules.time_zones(), "webhooks": addresses.to_enter()}
    return render_template(
        "business.html", business=found, form=form, number=number or NumberForm(None), **shown, **lists
    ), status


def _shown(session: Session, business: Business) -> dict[str, Any]:
    numbers = businesses.numbers_of(session, business.id)
    others = businesses.claimed_by_others(session, business.id, numbers) if business.is_active is not False else set()
    rivals = businesses.contested(session) if others and reader().is_operator else {}
    return {
        "numbers": numbers,
        "contested": others,
        "rivals": {number: [one.name for one in rivals[number] if one.id != business.id] for number in rivals},
    }


def _typed(business: Business) -> dict[str, str]:
    """The columns as somebody would type them."""
    return {
        "name": business.name,
        "forward_number": business.forward_number or "",
        "greeting_message": business.greeting_message or "",
        "language": business.language or "",
        "spoken_languages": ",".join(business.spoken_languages or ()),
        "vocabulary": "\n".join(business.vocabulary or ()),
        "time_zone": business.time_zone,
    }
