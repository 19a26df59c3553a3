"""What only a simulated phone company offers: calls placed on demand, a number book, and a look at what it knows."""

import json
import re
from dataclasses import fields
from typing import Any

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Request, Response

from conf.settings import E164
from simulator.answers import as_json
from simulator.audio import NotAudio, decode
from simulator.exchange import Exchange
from simulator.faults import UnknownFault, parse_faults
from simulator.lives import begin
from simulator.outbox import Subscription
from simulator.records import UNANSWERED, Call, PhoneNumber, Recording

CALLER = "+15005550006"
CUSTOMER = "+15005550100"

# An answer to "wait until it is over" comes at the latest after these seconds; the client then asks again.
LONGEST_WAIT = 20.0


def place_call(exchange: Exchange, request: Request) -> Response:
    """Somebody calls the customer: `audio` is what is said, `options` is JSON."""
    options = json.loads(request.form.get("options", "{}"))
    upload = request.files.get("audio")
    if upload is None:
        raise BadRequest("the audio is missing")
    to = options.get("to") or _first_number(exchange)
    number = exchange.number(to)
    try:
        call = exchange.open_call(
            audio=decode(upload.read()),
            speed=_speed(options),
            faults=parse_faults([*number.fault, *options.get("fault", ())]),
            direction="inbound",
            from_=_e164(options.get("from") or CALLER),
            to=_e164(to),
            voice_url=number.voice_url,
            voice_fallback_url=number.voice_fallback_url,
            callback=_callback(number),
            hangup=_hangup(options.get("hangup")),
        )
    except (NotAudio, UnknownFault) as error:
        raise BadRequest(str(error)) from error
    begin(exchange, call)
    return as_json({"call_sid": call.sid}, 201)


def look_at_calls(exchange: Exchange, request: Request) -> Response:
    with exchange.lock:
        return as_json([_call(call) for call in exchange.calls.values() if call.parent_sid is None])


def look_at_call(exchange: Exchange, request: Request, call_sid: str) -> Response:
    """With `wait`, the answer comes when the call and its recordings are final, or after those seconds."""
    with exchange.lock:
        call = exchange.calls.get(call_sid)
    if call is None:
        raise NotFound
    wait = min(request.args.get("wait", 0.0, type=float), LONGEST_WAIT)
    finished = call.finished.wait(wait)
    with exchange.lock:
        return as_json(_call(call) | {"finished": finished})


def look_at_recordings(exchange: Exchange, request: Request) -> Response:
    """What became of every recording, with the SHA-256 of the WAV file that a whole download of it gives."""
    with exchange.lock:
        return as_json([_recording(one) | _file(one) for one in exchange.recordings.values()])


def look_at_faults(exchange: Exchange, request: Request) -> Response:
    """How many answers of the REST API and the media went wrong, and how."""
    return as_json({"answers": exchange.unreliable.answers, "faulty": exchange.unreliable.drawn})


def list_numbers(exchange: Exchange, request: Request) -> Response:
    with exchange.lock:
        return as_json(list(exchange.numbers))


def put_number(exchange: Exchange, request: Request, e164: str) -> Response:
    """Enter a number into the book; the body is JSON with the fields of a PhoneNumber."""
    entry = json.loads(request.get_data(as_text=True) or "{}")
    unknown = set(entry) - {field.name for field in fields(PhoneNumber)}
    if unknown:
        raise BadRequest(f"a number has no {', '.join(sorted(unknown))}")
    try:
        parse_faults(entry.get("fault", ()))
    except UnknownFault as error:
        raise BadRequest(str(error)) from error
    _hangup(entry.get("hangup"))
    number = PhoneNumber(**entry | {"fault": tuple(entry.get("fault", ()))})
    with exchange.lock:
        exchange.numbers[_e164(e164)] = number
    return Response(status=204)


def _first_number(exchange: Exchange) -> str:
    with exchange.lock:
        return next((e164 for e164, number in exchange.numbers.items() if number.voice_url), CUSTOMER)


def _callback(number: PhoneNumber) -> Subscription | None:
    if not number.status_callback:
        return None
    return Subscription(number.status_callback, frozenset(number.status_callback_event.split()))


def _speed(options: dict[str, Any]) -> float:
    speed = float(options.get("speed", 60.0))
    if not 0.1 <= speed <= 1000:  # beyond that the network is the slower clock
        raise BadRequest("speed must be between 0.1 and 1000")
    return speed


def _e164(number: str) -> str:
    if not re.fullmatch(E164, number):
        raise BadRequest(f"{number} is not a phone number like +15005550006")
    return number


def _hangup(how: str | None) -> str | None:
    if how is not None and how not in UNANSWERED:
        raise BadRequest(f"hangup must be one of {', '.join(UNANSWERED)}")
    return how


def _call(call: Call) -> dict[str, Any]:
    return {
        "call_sid": call.sid,
        "status": call.status,
        "recordings": [_recording(recording) for recording in call.recordings],
        "callbacks": [{"event": one.event, "status_code": one.status_code} for one in list(call.outbox.deliveries)],
    }


def _file(recording: Recording) -> dict[str, Any]:
    return {"call_sid": recording.call_sid, "seconds": recording.duration, "sha256": recording.sha256}


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "recording_sid": recording.sid,
        "status": "deleted" if recording.deleted else recording.status,
        "media_downloads": recording.media_downloads,
        "creates": recording.creates,
    }
