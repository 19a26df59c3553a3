"""A lead: one stream of all calls with a number."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from db.leads import LONGEST_NAME, NotNamed, name_caller
from db.words import Role
from web import leads, loader
from web.auth import NUL, needs, reader
from web.cursor import Cursor, next_cursor
from web.house import house
from web.pages.blueprint import pages
from web.pages.entries import entries
from web.promises import last_promise

ROWS = 50


@pages.get("/leads/<phone>")
def lead(phone: str) -> ResponseReturnValue:
    """The calls; asked for by htmx, only them. There is one address a number, however it was written."""
    who, cursor = reader(), request.args.get("cursor")
    after = Cursor.read(cursor) if cursor else None
    with house().database.transaction() as session:
        number = leads.phone_of(session, who, phone)
        if number != phone:
            return redirect(url_for("pages.lead", phone=number))
        found = loader.calls_with(session, who, number, limit=ROWS, after=after)
        told = entries(session, found)
        name = leads.name_of(session, who, number)
    return render_template(
        "_entries.html" if request.headers.get("HX-Request") else "lead.html",
        phone=number,
        name=name,
        longest_name=LONGEST_NAME,
        promise=None if after else last_promise(told["calls"]),
        older=next_cursor(found, ROWS),
        **told,
    )


@pages.post("/leads/<phone>/name")
@needs(Role.MANAGER)
def name_lead(phone: str) -> ResponseReturnValue:
    """From now on the number is shown under that name; a blank one takes it away."""
    who, name = reader(), request.form.get("name", "").replace(NUL, "")
    if who.business_id is None:
        abort(404)
    with house().database.transaction() as session:
        number = leads.phone_of(session, who, phone)
        try:
            name_caller(session, who.business_id, number, name)
        except NotNamed:
            flash(gettext("This installation's table of leads takes no names."))
    return redirect(url_for("pages.lead", phone=number), 303)
