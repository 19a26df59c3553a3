"""The HTTP API: JSON for programs and for our own pages."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from db.models import CallLog
from db.words import CALL_STATUS_ORDER, DownloadStatus, Outcome, Stage
from web import audio, loader, present
from web.auth import reader
from web.cursor import Cursor
from web.explain import explain
from web.house import house

api = Blueprint("api", __name__, url_prefix="/api")

MOST_CALLS = 100
USUAL_CALLS = 50
LONGEST_LIMIT = 4


@api.before_request
def authenticate() -> None:
    """401 without a session or a token."""
    reader()


@api.get("/calls")
def list_calls() -> Response:
    """Recent calls, newest first. Reading starts nothing."""
    limit = _limit()
    cursor = request.args.get("cursor")
    with house().database.transaction() as session:
        found = loader.recent_calls(
            session,
            reader(),
            limit=limit,
            after=Cursor.read(cursor) if cursor else None,
            status=_one_of("status", set(CALL_STATUS_ORDER)),
            direction=_one_of("direction", {"inbound", "outbound"}),
        )
        shown = present.present_list(session, found, house().settings.business_slots)
    last = Cursor.of(found[-1]) if len(found) == limit else None
    return jsonify(calls=shown, next_cursor=str(last) if last else None)


@api.get("/calls/<call_sid>")
def show_call(call_sid: str) -> Response:
    """One call, with transcript and timeline."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid)
        return jsonify(present.present_call(session, call, house().settings.business_slots))


@api.get("/recordings/<call_sid>/status")
def recording_status(call_sid: str) -> Response:
    """Where our copy of the recording is. Never starts anything."""
    with house().database.transaction() as session:
        return jsonify(audio.status_of(loader.load_call(session, reader(), call_sid)))


@api.get("/recordings/<call_sid>/stream")
def stream_recording(call_sid: str) -> Response:
    """The recording's bytes; one that is missing is fetched, once, and asked for again."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid, lock=request.method == "GET")
        file = audio.file_of(session, call)
        if file:
            return audio.serve(file)
        is_requested = request.method == "GET" and audio.request_download(session, call)
        status = audio.status_of(call)
    if is_requested:
        house().queues.admit(Stage.DOWNLOAD, call.business_id)
    return _not_yet(status) if audio.is_to_come(call) else _never(call)


def _not_yet(status: dict[str, Any]) -> Response:
    response = jsonify(status)
    response.status_code = 202
    response.headers["Retry-After"] = str(status["retry_after"] or audio.RETRY_AFTER[DownloadStatus.QUEUED])
    return response


def _never(call: CallLog) -> Response:
    response = jsonify(error={"code": call.outcome or Outcome.NO_RECORDING, "message": explain(call, None, None)})
    response.status_code = 409
    return response


def _limit() -> int:
    text = request.args.get("limit", str(USUAL_CALLS))
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_LIMIT else 0
    if not 1 <= number <= MOST_CALLS:
        raise BadRequest(f"limit: a whole number from 1 to {MOST_CALLS}")
    return number


def _one_of(name: str, words: set[str]) -> str | None:
    value = request.args.get(name)
    if value and value not in words:
        raise BadRequest(f"{name}: one of {', '.join(sorted(words))}")
    return value or None
