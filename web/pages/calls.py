"""Recent calls, one call, and its stages done again."""

from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from db.models import Business
from db.retries import Conflict
from web import formats, loader, present
from web.auth import reader
from web.cursor import GREATEST_ID
from web.house import house
from web.pages.blueprint import pages
from web.pages.shown import shown
from web.retry import STAGES, request_retry

ROWS = 50


@pages.get("/")
def recent_calls() -> str:
    """The newest calls."""
    with house().database.transaction() as session:
        found = shown(session, loader.recent_calls(session, reader(), limit=ROWS))
        number = None if found else _number(session)
    return render_template("calls.html", number=number, webhook=_webhook(), **_list(found))


@pages.get("/rows")
def rows() -> str:
    """The rows a page shows, as they are now: one request for all of them."""
    wanted = request.args.getlist("id", type=int)[:ROWS]
    with house().database.transaction() as session:
        found = shown(session, loader.calls_by_id(session, reader(), [id for id in wanted if 0 < id <= GREATEST_ID]))
    return render_template("_rows.html", **_list(found))


@pages.get("/calls/<call_sid>")
def call(call_sid: str) -> str:
    """One call; asked for by htmx, only the part of the page that moves."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        fields = present.present_call(session, found, house().settings.business_slots) | shown(session, [found])[0]
        fields["worth_hearing"] = present.WORTH_HEARING
    template = "_call.html" if request.headers.get("HX-Request") else "call.html"
    return render_template(template, call=fields)


@pages.post("/calls/<call_sid>/retry")
def retry(call_sid: str) -> ResponseReturnValue:
    """Have a stage done again; then the page shows where the call stands."""
    stage = STAGES.get(request.form.get("stage", "")) or abort(400)
    with suppress(Conflict):  # somebody was quicker: the page shows that too
        request_retry(call_sid, stage)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Trigger": "refresh"}
    return redirect(url_for("pages.call", call_sid=call_sid), 303)


def _list(shown: list[dict[str, Any]]) -> dict[str, Any]:
    now = datetime.now(UTC)
    days = groupby(shown, lambda call: formats.day(call["created_at"], now))
    return {
        "days": [(heading, list(calls)) for heading, calls in days],
        "ids": [call["id"] for call in shown],
        "busy": sum(call["busy"] for call in shown),
    }


def _number(session: Session) -> str | None:
    """Which number to call first."""
    business = session.get(Business, reader().business_id) if reader().business_id else None
    return business.phone_number if business else None


def _webhook() -> str:
    """What to enter at the phone company."""
    base = house().settings.public_base_url or request.host_url.rstrip("/")
    return base + url_for("webhooks.incoming_call")
