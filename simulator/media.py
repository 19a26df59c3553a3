"""The recordings themselves, as WAV files, and everything that can go wrong while one is fetched."""

from collections.abc import Iterator

from werkzeug.wrappers import Request, Response

from simulator.audio import Audio
from simulator.errors import BAD_REQUEST, ApiError, not_found, too_many_requests, unauthenticated
from simulator.exchange import Exchange
from simulator.faults import MediaFault
from simulator.records import Recording
from simulator.rest_recordings import find_recording

CHUNK = 64 * 1024
STALL_SECONDS = 600.0  # longer than any client waits

HTML = "<!doctype html><title>Twilio</title><p>We are sorry, something went wrong.</p>"


def fetch_media(exchange: Exchange, request: Request, recording_sid: str) -> Response:
    """404 until the recording is completed; two channels only of a recording that has them."""
    recording = find_recording(exchange, request, recording_sid)
    audio = recording.audio
    if audio is None:
        raise not_found(request.path)
    body = _in_channels(audio, request.args.get("RequestedChannels")).wav()
    if request.method == "HEAD":
        return _wav([], len(body))
    fault = _next_fault(exchange, recording)
    if fault:
        return _faulty(exchange, request, body, fault)
    return _wav(_whole(exchange, recording, body), len(body))


def _in_channels(audio: Audio, requested: str | None) -> Audio:
    if requested == "2" and audio.channels == 1:
        raise ApiError(BAD_REQUEST, 400, "RequestedChannels=2 is not available: the recording has one channel")
    return audio.mixed() if requested == "1" else audio


def _next_fault(exchange: Exchange, recording: Recording) -> MediaFault | None:
    with exchange.lock:
        media = exchange.calls[recording.call_sid].faults.media
        return media.popleft() if media else None


def _faulty(exchange: Exchange, request: Request, body: bytes, fault: MediaFault) -> Response:
    if fault.kind == "404":
        raise not_found(request.path)
    if fault.kind == "401":
        raise unauthenticated()
    if fault.kind == "429":
        return _slow_down(fault.value)
    if fault.kind == "html":
        return Response(HTML, mimetype="text/html")
    half = body[: len(body) // 2]
    return _wav(_stalled(exchange, half) if fault.kind == "stall" else [half], len(body))


def _slow_down(retry_after: str | None) -> Response:
    response = too_many_requests().response()
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    return response


def _whole(exchange: Exchange, recording: Recording, body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK):
        if start + CHUNK >= len(body):  # before it is sent: who has the last byte must find the download counted
            with exchange.lock:
                recording.media_downloads += 1
        yield body[start : start + CHUNK]


def _stalled(exchange: Exchange, half: bytes) -> Iterator[bytes]:
    yield half
    exchange.stopping.wait(STALL_SECONDS)


def _wav(body: Iterator[bytes] | list[bytes], length: int) -> Response:
    """The announced length is that of the whole, also where less is sent."""
    return Response(body, mimetype="audio/x-wav", headers={"Content-Length": str(length)})
