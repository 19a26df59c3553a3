"""The REST API's calls: create, fetch, update, list."""

import re

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from conf.settings import E164
from simulator.answers import as_json, page
from simulator.dates import within
from simulator.errors import NOT_ELIGIBLE, ApiError, not_found
from simulator.exchange import Exchange
from simulator.faults import parse_faults
from simulator.lives import begin, hang_up
from simulator.outbox import Subscription
from simulator.records import FINAL, Call, RecordingOrder
from simulator.resources import call_resource
from simulator.twiml import BadTwiml, parse

Form = MultiDict[str, str]

FILTERS = {"To": "to", "From": "from_", "ParentCallSid": "parent_sid", "Status": "status"}


def create_call(exchange: Exchange, request: Request) -> Response:
    form = request.form
    _check(form)
    called = exchange.number(form["To"])
    call = exchange.open_call(
        audio=exchange.outbound_audio,
        speed=exchange.speed,
        faults=parse_faults(called.fault),
        direction="outbound-api",
        from_=form["From"],
        to=form["To"],
        voice_url=form.get("Url", ""),
        voice_method=form.get("Method", "POST"),
        voice_fallback_url=form.get("FallbackUrl"),
        twiml=form.get("Twiml"),
        callback=read_subscription(form, "StatusCallback"),
        record=_order(form),
        hangup=called.hangup,
    )
    answer = as_json(call_resource(exchange, call), 201)
    begin(exchange, call)
    return answer


def list_calls(exchange: Exchange, request: Request) -> Response:
    with exchange.lock:
        calls = [call for call in reversed(exchange.calls.values()) if _fits(request, call)]
        return page(request, "calls", calls, lambda call: call_resource(exchange, call))


def fetch_call(exchange: Exchange, request: Request, call_sid: str) -> Response:
    call = find_call(exchange, request, call_sid)
    with exchange.lock:
        return as_json(call_resource(exchange, call))


def update_call(exchange: Exchange, request: Request, call_sid: str) -> Response:
    """Hang up; a call that is over answers 21220, as everything does that comes too late."""
    call = find_call(exchange, request, call_sid)
    if request.form.get("Status") not in ("completed", "canceled"):
        raise ApiError(20001, 400, "Only Status=completed and Status=canceled are simulated")
    if call.status in FINAL:
        raise ApiError(NOT_ELIGIBLE, 400, "Call is not in-progress. Cannot redirect.")
    hang_up(exchange, call)
    return as_json(call_resource(exchange, call))


def find_call(exchange: Exchange, request: Request, call_sid: str) -> Call:
    with exchange.lock:
        call = exchange.calls.get(call_sid)
    if call is None:
        raise not_found(request.path)
    return call


def read_subscription(form: Form, name: str) -> Subscription | None:
    """The fields `name`, `nameEvent` and `nameMethod`; events come repeated or separated by spaces."""
    if not form.get(name):
        return None
    events = " ".join(form.getlist(f"{name}Event")).split() or ["completed"]
    return Subscription(form[name], frozenset(events), form.get(f"{name}Method", "POST"))


def _check(form: Form) -> None:
    if not re.fullmatch(E164, form.get("To", "")):
        raise ApiError(21211, 400, "The 'To' number is not a valid phone number.")
    if not re.fullmatch(E164, form.get("From", "")):
        raise ApiError(21212, 400, "The 'From' number is not a valid phone number.")
    if not form.get("Url") and not form.get("Twiml"):
        raise ApiError(21205, 400, "Url parameter is required.")
    try:
        parse(form.get("Twiml", "<Response/>"), "")
    except BadTwiml as error:
        raise ApiError(12100, 400, f"Twiml is not valid: {error}") from error


def _order(form: Form) -> RecordingOrder | None:
    if form.get("Record", "false").lower() != "true":
        return None
    return RecordingOrder(
        source="OutboundAPI",
        channels=2 if form.get("RecordingChannels") == "dual" else 1,
        trim=form.get("Trim", "trim-silence") == "trim-silence",
        track=form.get("RecordingTrack", "both"),
        callback=read_subscription(form, "RecordingStatusCallback"),
    )


def _fits(request: Request, call: Call) -> bool:
    wanted = [(attribute, request.args.get(name)) for name, attribute in FILTERS.items()]
    return (
        all(getattr(call, attribute) == value for attribute, value in wanted if value)
        and within(request.args, "StartTime", call.answered_at)
        and within(request.args, "EndTime", call.ended_at)
    )
