"""Calls placed."""

from flask import Response, url_for

from db.words import Role
from web import dial
from web.api.blueprint import api, problem
from web.api.calls import whole
from web.api.models import PlaceBody, PlaceHeader, Problem, WholeCall
from web.auth import needs
from web.dial import NotDialled

RETRY_AFTER_SECONDS = 5


@api.post("/calls", responses={201: WholeCall, 409: Problem, 422: Problem, 502: Problem})
@needs(Role.MANAGER)
def place_call(header: PlaceHeader, body: PlaceBody) -> Response:
    """Call a number: the business's own number calls, and who answers is put through to the business.

    409: the business has no number, or a call was asked for with this key whose fate is not known yet. 422: the phone
    company does not place the call; the code says why. 502: it did not accept our account, or its answer was lost, and
    the call may ring (`perhaps_placed`). 503: it could not be reached, or no account is set up: nothing rings.
    """
    try:
        call_sid = dial.place(body.to, business_id=body.business_id, key=header.key)
    except NotDialled as refusal:
        return _refused(refusal)
    response = whole(call_sid)
    response.status_code = 201
    response.headers["Location"] = url_for("api.show_call", call_sid=call_sid)
    return response


def _refused(refusal: NotDialled) -> Response:
    prefix = f"{refusal.parameter}: " if refusal.parameter else ""
    is_worth_it = refusal.status == 503 and refusal.code != "no_credentials"
    retry_after = RETRY_AFTER_SECONDS if is_worth_it else None
    return problem(refusal.status, refusal.code, prefix + refusal.message, retry_after=retry_after)
