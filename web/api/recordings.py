"""Recordings: where they are, and their bytes."""

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.types import ResponseDict

from db.models import CallLog
from db.words import DownloadStatus, Outcome
from web import audio, loader
from web.api.blueprint import api, problem
from web.api.models import CallPath, DownloadState, Problem, StreamQuery
from web.auth import reader
from web.explain import explain
from web.house import house

SOUND = {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}
STREAMED: ResponseDict = {
    200: {"description": "the whole recording"} | SOUND,
    202: DownloadState,
    206: {"description": "the bytes asked for by Range"} | SOUND,
    409: Problem,
    416: {"description": "the range lies behind the recording's end"},
}


@api.get("/recordings/<call_sid>/status", responses={200: DownloadState})
def recording_status(path: CallPath) -> Response:
    """Where our copy of the recording is. Never starts anything."""
    with house().database.transaction() as session:
        return jsonify(audio.status_of(session, loader.load_call(session, reader(), path.call_sid)))


@api.get("/recordings/<call_sid>/stream", responses=STREAMED)
def stream_recording(path: CallPath, query: StreamQuery) -> Response:
    """The recording's bytes; one that is missing is fetched, once, and asked for again."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), path.call_sid)
        name, status = audio.name_of(session, call), audio.status_of(session, call)
    file = audio.find(name)
    if file:
        audio.log_skipped(call, audio.FILE_IS_HERE)
        response = audio.serve(file)
        if query.attachment:
            response.headers.set("Content-Disposition", "attachment", filename=f"{path.call_sid}.wav")
        return response
    if request.method == "GET":
        call, status = _have_fetched(path.call_sid, lost=name)
    return _not_yet(status) if audio.is_to_come(call) else _never(call)


def _have_fetched(call_sid: str, lost: str | None) -> tuple[CallLog, dict[str, Any]]:
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid, lock=True)
        opened = audio.request_download(session, call, lost)
        status = audio.status_of(session, call)
    if opened:
        house().admit(opened, call)
    return call, status


def _not_yet(status: dict[str, Any]) -> Response:
    response = jsonify(status)
    response.status_code = 202
    response.headers["Retry-After"] = str(status["retry_after"] or audio.RETRY_AFTER[DownloadStatus.QUEUED])
    return response


def _never(call: CallLog) -> Response:
    return problem(409, call.outcome or Outcome.NO_RECORDING, explain(call))
