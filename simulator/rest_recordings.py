"""The REST API's recordings: create and list on a call; list, fetch and delete on the account."""

from werkzeug.wrappers import Request, Response

from simulator.answers import as_json, page
from simulator.dates import within
from simulator.errors import not_eligible, not_found
from simulator.exchange import Exchange
from simulator.recorder import NotEligible, refuse_create, start_recording
from simulator.records import Recording, RecordingOrder
from simulator.resources import call_recording_resource, recording_resource
from simulator.rest_calls import find_call, read_subscription


def create_recording(exchange: Exchange, request: Request, call_sid: str) -> Response:
    call = find_call(exchange, request, call_sid)
    form = request.form
    order = RecordingOrder(
        source="StartCallRecordingAPI",
        channels=2 if form.get("RecordingChannels") == "dual" else 1,
        trim=form.get("Trim") == "trim-silence",
        track=form.get("RecordingTrack", "both"),
        callback=read_subscription(form, "RecordingStatusCallback"),
    )
    if refuse_create(exchange, call):
        raise not_eligible()
    try:
        recording = start_recording(exchange, call, order)
    except NotEligible as error:
        raise not_eligible() from error
    return as_json(call_recording_resource(exchange, recording), 201)


def list_call_recordings(exchange: Exchange, request: Request, call_sid: str) -> Response:
    call = find_call(exchange, request, call_sid)
    with exchange.lock:
        recordings = [recording for recording in reversed(call.recordings) if _fits(request, recording)]
        return page(request, "recordings", recordings, lambda one: call_recording_resource(exchange, one))


def fetch_call_recording(exchange: Exchange, request: Request, call_sid: str, recording_sid: str) -> Response:
    recording = find_recording(exchange, request, recording_sid)
    if recording.call_sid != call_sid:
        raise not_found(request.path)
    with exchange.lock:
        return as_json(call_recording_resource(exchange, recording))


def list_recordings(exchange: Exchange, request: Request) -> Response:
    with exchange.lock:
        recordings = [recording for recording in reversed(exchange.recordings.values()) if _fits(request, recording)]
        return page(request, "recordings", recordings, lambda one: recording_resource(exchange, one))


def fetch_recording(exchange: Exchange, request: Request, recording_sid: str) -> Response:
    recording = find_recording(exchange, request, recording_sid)
    with exchange.lock:
        return as_json(recording_resource(exchange, recording))


def delete_recording(exchange: Exchange, request: Request, recording_sid: str) -> Response:
    recording = find_recording(exchange, request, recording_sid)
    with exchange.lock:
        if recording.deleted:
            raise not_found(request.path)
        recording.deleted = True
        recording.audio = None
    return Response(status=204)


def find_recording(exchange: Exchange, request: Request, recording_sid: str) -> Recording:
    """A deleted one is found only by those who say that they want to see those too."""
    with exchange.lock:
        recording = exchange.recordings.get(recording_sid)
    if recording is None or (recording.deleted and not _wants_deleted(request)):
        raise not_found(request.path)
    return recording


def _fits(request: Request, recording: Recording) -> bool:
    call_sid = request.args.get("CallSid")
    return (
        (not recording.deleted or _wants_deleted(request))
        and call_sid in (None, "", recording.call_sid)
        and within(request.args, "DateCreated", recording.started_at)
    )


def _wants_deleted(request: Request) -> bool:
    return request.args.get("IncludeSoftDeleted", "false").lower() == "true"
