"""Somebody's calls, by number."""

from flask import Response, jsonify

from web import leads, loader, present
from web.api.blueprint import api
from web.api.models import Lead, LeadPath, LeadQuery
from web.auth import reader
from web.cursor import Cursor, next_cursor
from web.house import house


@api.get("/leads/<phone>", responses={200: Lead})
def show_lead(path: LeadPath, query: LeadQuery) -> Response:
    """Every call with a number, newest first; of a number that never called there is an empty list."""
    who, after = reader(), Cursor.read(query.cursor) if query.cursor else None
    with house().database.transaction() as session:
        phone = leads.phone_of(session, who, path.phone)
        found = loader.calls_with(session, who, phone, limit=query.limit, after=after)
        shown = present.present_list(session, found, house().settings.business_slots)
        calls, name = leads.with_legs(session, who, found, shown), leads.name_of(session, who, phone)
    return jsonify(phone=phone, name=name, calls=calls, next_cursor=next_cursor(found, query.limit))
