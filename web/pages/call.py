"""One call: heard, read, and its story."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import costs, events, transcripts
from db.models import CallLog, Recording
from web import cost_reasons, heard, loader, present, said, subtitles
from web.auth import reader
from web.house import house
from web.pages.blueprint import pages
from web.pages.calls import rows_of
from web.sound import sound_of


@pages.get("/calls/<call_sid>")
def call(call_sid: str) -> str:
    """One call; asked for by htmx, only the parts of the page that move, the transcript when it is another one."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        transcript = transcripts.find(session, found)
        turns = transcript.turns if transcript else transcripts.draft(session, found).get("turns", [])
        shown = present.present_call(session, found, house().settings.business_slots) | rows_of(session, [found])[0]
        shown |= _to_listen(session, found, turns)
    version = heard.version_of(turns)
    shown |= {"is_written": transcript is not None, "has_times": subtitles.has_times(turns)}
    shown |= {"transcript_version": version, "summary_lines": said.lines_of(shown["summary"], turns)}
    if not request.headers.get("HX-Request"):
        return render_template("call.html", call=shown, turns=heard.turns_for_page(turns))
    is_known = request.headers.get("X-Transcript") == version
    news = [] if is_known else heard.turns_for_page(turns)
    return render_template("_call_news.html", call=shown, turns=news, is_transcript_known=is_known)


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
