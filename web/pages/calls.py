"""One call, and its stages done again."""

from contextlib import suppress

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from db.retries import Conflict
from db.words import Role
from web import loader, present
from web.auth import needs, reader
from web.house import house
from web.pages.blueprint import pages
from web.pages.shown import shown
from web.retry import STAGES, request_retry


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
@needs(Role.MANAGER)
def retry(call_sid: str) -> ResponseReturnValue:
    """Have a stage done again; then the page shows where the call stands."""
    stage = STAGES.get(request.form.get("stage", "")) or abort(400)
    with suppress(Conflict):  # somebody was quicker: the page shows that too
        request_retry(call_sid, stage)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Trigger": "refresh"}
    return redirect(url_for("pages.call", call_sid=call_sid), 303)
