"""A call placed from a page; then its own page shows how it goes."""

import secrets
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from db.words import Role
from web import dial
from web.auth import needs
from web.dial import NotDialled
from web.pages.blueprint import pages


@pages.app_context_processor
def key_of_a_call() -> dict[str, Any]:
    """Each form has its own, so that pressing twice is one call."""
    return {"new_key": lambda: secrets.token_urlsafe(16)}


@pages.post("/calls")
@needs(Role.MANAGER)
def place_call() -> ResponseReturnValue:
    """Call a number; what went wrong is said beside the form."""
    to, business_id = request.form.get("to", "").strip(), request.form.get("business_id", type=int)
    try:
        call_sid = dial.place(to, business_id=business_id, key=request.form.get("key") or None)
    except NotDialled as refusal:
        shown = {"to": to, "business_id": business_id, "problem": refusal.message}
        return render_template("dial.html", **shown), refusal.status
    return redirect(url_for("pages.call", call_sid=call_sid), 303)
