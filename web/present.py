"""A call as the API and the pages show it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import events
from db.models import CallEvent, CallLog, Task, Transcript
from db.words import Stage
from web.explain import Line, explain

STAGES_IN_ORDER = (Stage.SUMMARY, Stage.TRANSCRIPT, Stage.DOWNLOAD, Stage.RECORDING)


def present_list(session: Session, found: Sequence[CallLog], slots: int) -> list[dict[str, Any]]:
    """Calls for a list: without transcript and timeline."""
    open_stages = _open_stages(session, found)
    return [_fields(session, call, open_stages.get(call.id, {}), slots) for call in found]


def present_call(session: Session, call: CallLog, slots: int) -> dict[str, Any]:
    """One call, whole."""
    transcript = session.get(Transcript, call.id)
    return present_list(session, [call], slots)[0] | {
        "transcript": transcript.turns if transcript else [],
        "timeline": [_event(event) for event in events.timeline(session, call.id)],
    }


def _open_stages(session: Session, found: Sequence[CallLog]) -> dict[int, dict[str, Task]]:
    rows = session.scalars(select(Task).where(Task.call_id.in_([call.id for call in found])))
    by_call: dict[int, dict[str, Task]] = {}
    for task in rows:
        by_call.setdefault(task.call_id, {})[task.stage] = task
    return by_call


def _fields(session: Session, call: CallLog, tasks: Mapping[str, Task], slots: int) -> dict[str, Any]:
    current = next((tasks[stage] for stage in STAGES_IN_ORDER if stage in tasks), None)
    return {
        "call_sid": call.call_sid,
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
        "progress": current.progress if current else None,
        "estimated_cost_bucket": call.estimated_cost_bucket,
        "summary": call.summary,
        "explanation": explain(call, current, Line.of(session, current, slots)),
    }


def _event(event: CallEvent) -> dict[str, Any]:
    return {"at": _moment(event.at), "event": event.event, "detail": event.detail}


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None
