"""A lead: one stream of all calls with a number."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web import leads, loader
from web.auth import reader
from web.cursor import Cursor
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
    return render_template(
        "_entries.html" if request.headers.get("HX-Request") else "lead.html",
        phone=number,
        promise=None if after else last_promise(told["calls"]),
        older=leads.next_cursor(found, ROWS),
        **told,
    )
