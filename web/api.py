"""The HTTP API: JSON for programs and for our own pages."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from db import retries
from db.models import CallLog
from db.words import CALL_STATUS_ORDER, DownloadStatus, Outcome, Stage
from providers.errors import OurOutage
from web import audio, loader, present, reasons
from web.auth import reader
from web.cursor import Cursor
from web.explain import explain
from web.house import house
from web.retry import STAGES, request_retry, told

api = Blueprint("api", __name__, url_prefix="/api")

MOST_CALLS = 100
USUAL_CALLS = 50
LONGEST_LIMIT = 4
OUTAGE_SECONDS = 5
"""After which it is worth asking again for a file that our storage did not give."""


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
    return jsonify(calls=shown, next_cursor=str(Cursor.of(found[-1])) if len(found) == limit else None)


@api.get("/calls/<call_sid>")
def show_call(call_sid: str) -> Response:
    """One call, with transcript and timeline."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid)
        return jsonify(present.present_call(session, call, house().settings.business_slots))


@api.post("/calls/<call_sid>/retry")
def retry_stage(call_sid: str) -> ResponseReturnValue:
    """Have a stage done again; the call as it stands then."""
    stage, force = _wanted_retry()
    try:
        request_retry(call_sid, stage, force=force)
    except retries.Conflict as conflict:
        return _refusal(conflict.reason, told(conflict.reason))
    return show_call(call_sid), 202


@api.get("/recordings/<call_sid>/status")
def recording_status(call_sid: str) -> Response:
    """Where our copy of the recording is. Never starts anything."""
    with house().database.transaction() as session:
        return jsonify(audio.status_of(session, loader.load_call(session, reader(), call_sid)))


@api.get("/recordings/<call_sid>/stream")
def stream_recording(call_sid: str) -> Response:
    """The recording's bytes; one that is missing is fetched, once, and asked for again."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid)
        name, status = audio.name_of(session, call), audio.status_of(session, call)
    file = audio.find(name)
    if file:
        audio.log_skipped(call, audio.FILE_IS_HERE)
        return audio.serve(file)
    if request.method == "GET":
        call, status = _have_fetched(call_sid, lost=name)
    return _not_yet(status) if audio.is_to_come(call) else _never(call)


def _have_fetched(call_sid: str, lost: str | None) -> tuple[CallLog, dict[str, Any]]:
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid, lock=True)
        opened = audio.request_download(session, call, lost)
        status = audio.status_of(session, call)
    if opened:
        house().admit(opened, call)
    return call, status


@api.errorhandler(OurOutage)
def tell_of_outage(error: OurOutage) -> Response:
    """Our storage does not answer: the recording is not lost, it cannot be reached."""
    response = jsonify(error={"code": error.reason, "message": reasons.told(str(error))})
    response.status_code, response.headers["Retry-After"] = 503, str(OUTAGE_SECONDS)
    return response


def _not_yet(status: dict[str, Any]) -> Response:
    response = jsonify(status)
    response.status_code = 202
    response.headers["Retry-After"] = str(status["retry_after"] or audio.RETRY_AFTER[DownloadStatus.QUEUED])
    return response


def _never(call: CallLog) -> Response:
    return _refusal(call.outcome or Outcome.NO_RECORDING, explain(call))


def _refusal(code: str, message: str) -> Response:
    response = jsonify(error={"code": code, "message": message})
    response.status_code = 409
    return response


def _wanted_retry() -> tuple[Stage, bool]:
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # brackets in brackets in brackets
        body = None
    fields = body if isinstance(body, dict) else {}
    stage, force = fields.get("stage"), fields.get("force", False)
    if not isinstance(stage, str) or stage not in STAGES:
        raise BadRequest(f"stage: one of {', '.join(STAGES)}")
    if not isinstance(force, bool):
        raise BadRequest("force: true or false")
    return STAGES[stage], force


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
