"""The API: who may ask, and how it answers what went wrong."""

from flask import Response, jsonify, request
from flask_babel import gettext
from flask_openapi3.blueprint import APIBlueprint
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest

from providers.errors import OurOutage
from web import reasons
from web.api.models import Problem
from web.auth import reader
from web.seats import NoSeat

OUTAGE_SECONDS = 5
"""After which it is worth asking again for a file that our storage did not give."""

SEAT_SECONDS = 5
"""After which somebody who listens now may have stopped."""

NOT_AN_OBJECT = "body: a JSON object is needed"

api = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api",
    abp_security=[{"token": []}, {"session": []}],
    abp_responses={status: Problem for status in (400, 401, 403, 404, 500, 503)},
    operation_id_callback=lambda *, name, path, method: name,
)


@api.before_request
def authenticate() -> None:
    """401 without a session or a token."""
    reader()


@api.before_request
def read_body() -> None:
    """400 for brackets within brackets without end, of which Python's parser complains in its own way."""
    try:
        request.get_json(silent=True)  # kept for the view
    except RecursionError as error:
        raise BadRequest(NOT_AN_OBJECT) from error


@api.errorhandler(OurOutage)
def tell_of_outage(error: OurOutage) -> Response:
    """Our storage does not answer: the recording is not lost, it cannot be reached."""
    return problem(503, error.reason, reasons.told(str(error)), retry_after=OUTAGE_SECONDS)


@api.errorhandler(NoSeat)
def tell_of_crowd(error: NoSeat) -> Response:
    """Too many listen already."""
    told = gettext("Too many recordings are being played. Try again in a moment.")
    return problem(503, "too_many_listeners", told, retry_after=SEAT_SECONDS)


def problem(status: int, code: str, message: str, *, retry_after: int | None = None) -> Response:
    """An error in the API's one shape; `retry_after` seconds it is worth asking again."""
    response = jsonify(error={"code": code, "message": message})
    response.status_code = status
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def refuse(invalid: ValidationError) -> Response:
    """400 that names each parameter that is wrong."""
    told = "; ".join(_told(error["loc"], error["msg"]) for error in invalid.errors(include_url=False))
    raise BadRequest(told) from invalid


def _told(place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return NOT_AN_OBJECT
    name = ".".join(str(part) for part in place)
    return f"{name}: {message[:1].lower()}{message[1:]}"
