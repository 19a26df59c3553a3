"""A call as the API and the pages show it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import events, leads, transcripts
from db.models import CallEvent, CallLog, Task
from db.texts import says
from db.words import Stage
from web.explain import Standing, explain, standings

WORTH_HEARING = 0.75
"""Turns that are trusted less mostly hold a word that was not said; how often, is in docs/decisions/0018."""

STAGES_IN_ORDER = (Stage.SUMMARY, Stage.TRANSCRIPT, Stage.DOWNLOAD, Stage.RECORDING)


def present_list(session: Session, found: Sequence[CallLog], slots: int) -> list[dict[str, Any]]:
    """Calls for a list: without transcript and timeline."""
    where = standings(session, _current(session, found), slots)
    named = leads.names_of(session, [_party(call) for call in found])
    return [_fields(call, where.get(call.id)) | {"name": named.get(_party(call))} for call in found]


def _party(call: CallLog) -> tuple[int | None, str | None]:
    """Who is at the other end, as the call's business may know them."""
    return call.business_id, call.to_number if call.direction == "outbound" else call.from_number


def present_call(session: Session, call: CallLog, slots: int) -> dict[str, Any]:
    """One call, whole."""
    transcript = transcripts.find(session, call)
    turns = transcript.turns if transcript else transcripts.draft(session, call).get("turns", [])
    return present_list(session, [call], slots)[0] | {
        "transcript": [{name: part for name, part in turn.items() if name != "words"} for turn in turns],
        "doubts": [_span(turn) for turn in turns if turn.get("trust", 1) < WORTH_HEARING],
        "conversation": transcript.conversation if transcript else None,
        "timeline": [_event(event) for event in events.timeline(session, call.id)],
    }


def _current(session: Session, found: Sequence[CallLog]) -> list[Task]:
    """The open stage of each call; of several the one that is furthest."""
    rows = session.scalars(select(Task).where(Task.call_id.in_([call.id for call in found])))
    furthest: dict[int, Task] = {}
    for task in sorted(rows, key=lambda task: STAGES_IN_ORDER.index(Stage(task.stage)), reverse=True):
        furthest[task.call_id] = task
    return list(furthest.values())


def _fields(call: CallLog, standing: Standing | None) -> dict[str, Any]:
    return {
        "call_sid": _said(call.call_sid),
        "business_id": call.business_id,
        "direction": call.direction,
        "from": call.from_number,
        "to": call.to_number,
        "call_status": call.call_status,
        "created_at": _moment(call.created_at),
        "duration": call.duration,
        "recording_status": call.recording_status,
        "recording_download_status": call.recording_download_status,
        "recording_next_retry_at": _moment(call.recording_next_retry_at),
        "transcript_status": call.transcript_status,
        "summary_status": call.summary_status,
        "outcome": call.outcome,
        "last_error": call.last_error,
        "progress": standing.task.progress if standing else None,
        "estimated_cost_bucket": call.estimated_cost_bucket,
        "summary": _said(call.summary),
        "explanation": explain(call, standing),
    }


def _span(turn: Mapping[str, Any]) -> dict[str, Any]:
    return {name: turn[name] for name in ("channel", "start", "end")}


def _said(text: str | None) -> str | None:
    """Blanks, which old installations have, are nothing."""
    return text if says(text) else None


def _event(event: CallEvent) -> dict[str, Any]:
    return {"at": _moment(event.at), "event": event.event, "detail": event.detail}


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None
