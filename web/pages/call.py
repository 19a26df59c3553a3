"""One call: heard, read, its story, and its stages done again."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import costs, events, transcripts
from db.models import CallLog, Recording
from db.retries import Conflict
from db.words import Role
from web import cost_reasons, heard, loader, present, said, subtitles
from web.auth import needs, reader
from web.house import house
from web.pages.blueprint import pages
from web.pages.shown import shown
from web.retry import STAGES, request_retry
from web.sound import sound_of


@pages.get("/calls/<call_sid>")
def call(call_sid: str) -> str:
    """One call; asked for by htmx, only the parts of the page that move, the transcript when it is another one."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        transcript = transcripts.find(session, found)
        turns = transcript.turns if transcript else transcripts.draft(session, found).get("turns", [])
        fields = present.present_call(session, found, house().settings.business_slots) | shown(session, [found])[0]
        fields |= _to_listen(session, found, turns)
    version = heard.version_of(turns)
    fields |= {"is_written": transcript is not None, "has_times": subtitles.has_times(turns)}
    fields |= {"transcript_version": version, "summary_lines": said.lines_of(fields["summary"], turns)}
    if not request.headers.get("HX-Request"):
        return render_template("call.html", call=fields, turns=heard.turns_for_page(turns))
    is_known = request.headers.get("X-Transcript") == version
    news = [] if is_known else heard.turns_for_page(turns)
    return render_template("_call_news.html", call=fields, turns=news, is_transcript_known=is_known)


@pages.post("/calls/<call_sid>/retry")
@needs(Role.MANAGER)
def retry(call_sid: str) -> ResponseReturnValue:
    """Have a stage done again; then the page shows where the call stands."""
    stage = STAGES.get(request.form.get("stage", "")) or abort(400)
    with suppress(Conflict):  # somebody was quicker: the page shows that too
        request_retry(call_sid, stage)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Trigger": "refresh"}
    return redirect(url_for("pages.call", call_sid=call_sid), 303)


def _to_listen(session: Session, call: CallLog, turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    timeline = events.timeline(session, call.id)
    return {
        "sound": sound_of(session, call, turns, timeline, house().settings),
        "cost_reasons": [cost_reasons.told(call, sign) for sign in costs.signs_of(session, call)],
        "recordings": _recordings(session, call),
    }


def _recordings(session: Session, call: CallLog) -> list[dict[str, Any]]:
    """All of them, the call's own first."""
    known = select(Recording).where(Recording.call_id == call.id).order_by(Recording.created_at, Recording.id)
    found = [
        {
            "is_own": recording.recording_sid == call.recording_sid,
            "status": recording.status,
            "seconds": recording.audio_seconds or recording.duration,
            "started_at": recording.started_at and recording.started_at.isoformat(),
        }
        for recording in session.scalars(known)
    ]
    return sorted(found, key=lambda recording: not recording["is_own"])
