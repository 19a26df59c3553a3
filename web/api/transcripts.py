"""Transcripts as files: to read, to lay under a video, to hand to a program."""

import json
from typing import Any

from flask import Response, abort
from flask_babel import gettext
from flask_openapi3.types import ResponseDict

from db import transcripts
from db.models import Transcript
from web import loader, subtitles
from web.api.blueprint import api, problem
from web.api.models import CallPath, Language, Problem, WrittenTranscript
from web.auth import reader
from web.house import house

TXT, SRT, VTT, JSON = "text/plain", "application/x-subrip", "text/vtt", "application/json"


def _file_of(kind: str) -> dict[str, Any]:
    return {"description": "the file", "content": {kind: {"schema": {"type": "string"}}}}


READ: ResponseDict = {200: _file_of(TXT)}
TIMED_SRT: ResponseDict = {200: _file_of(SRT), 409: Problem}
TIMED_VTT: ResponseDict = {200: _file_of(VTT), 409: Problem}


@api.get("/calls/<call_sid>/transcript.txt", responses=READ)
def transcript_as_text(path: CallPath, query: Language) -> Response:
    """Who said what, a line a turn."""
    return _attached(path.call_sid, "txt", TXT, subtitles.as_text(_written(path.call_sid).turns))


@api.get("/calls/<call_sid>/transcript.srt", responses=TIMED_SRT)
def transcript_as_srt(path: CallPath, query: Language) -> Response:
    """As subtitles; 409 for the text of an old installation, which has no times."""
    turns = _written(path.call_sid).turns
    return _attached(path.call_sid, "srt", SRT, subtitles.as_srt(turns)) if subtitles.has_times(turns) else _no_times()


@api.get("/calls/<call_sid>/transcript.vtt", responses=TIMED_VTT)
def transcript_as_vtt(path: CallPath, query: Language) -> Response:
    """As subtitles of the web; 409 for the text of an old installation, which has no times."""
    turns = _written(path.call_sid).turns
    return _attached(path.call_sid, "vtt", VTT, subtitles.as_vtt(turns)) if subtitles.has_times(turns) else _no_times()


@api.get("/calls/<call_sid>/transcript.json", responses={200: WrittenTranscript})
def transcript_as_json(path: CallPath) -> Response:
    """Everything that is known of it, each word included."""
    found = _written(path.call_sid)
    whole = {
        "call_sid": path.call_sid,
        "language": found.language,
        "model": found.model,
        "turns": [_with_words(turn) for turn in found.turns],
    }
    return _attached(path.call_sid, "json", JSON, json.dumps(whole, ensure_ascii=False))


def _written(call_sid: str) -> Transcript:
    """The finished transcript; 404 while there is none, as for a call that does not exist."""
    with house().database.transaction() as session:
        found = transcripts.find(session, loader.load_call(session, reader(), call_sid))
    return found or abort(404, gettext("There is no transcript yet."))


def _with_words(turn: dict[str, Any]) -> dict[str, Any]:
    words = [dict(zip(("text", "start", "end", "trust"), word, strict=False)) for word in turn.get("words") or ()]
    return turn | {"words": [word | {"text": word["text"].strip()} for word in words]}


def _no_times() -> Response:
    return problem(409, "no_times", gettext("This transcript has no times, so there are no subtitles of it."))


def _attached(call_sid: str, ending: str, kind: str, text: str) -> Response:
    """To be kept as a file, whose name tells nothing of who spoke."""
    response = Response(text, content_type=kind if kind == JSON else f"{kind}; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{call_sid}.{ending}")
    response.headers["Cache-Control"] = "private, no-store"
    return response
