"""A call deleted from its page, after a question of its own."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from db.words import FINAL_CALL_STATUSES, Role
from web import loader
from web.auth import needs, reader
from web.deletion import request_deletion
from web.house import house
from web.pages.blueprint import pages
from web.present import present_list


@pages.get("/calls/<call_sid>/delete")
@needs(Role.MANAGER)
def ask_to_delete(call_sid: str) -> str:
    """What deleting means, and the button that does it."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        (call,) = present_list(session, [found], house().settings.business_slots)
    return render_template("delete.html", call=call, is_on=found.call_status not in FINAL_CALL_STATUSES)


@pages.post("/calls/<call_sid>/delete")
@needs(Role.MANAGER)
def delete(call_sid: str) -> ResponseReturnValue:
    """Have it gone; the list says so."""
    flash(request_deletion(call_sid).message)
    return redirect(url_for("pages.recent_calls"), 303)
