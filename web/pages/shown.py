"""Calls as people see them: what the API shows, with badges, and whether anything is still to happen."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Task
from db.words import FINAL_CALL_STATUSES, RecordingStatus
from web import audio, present
from web.badges import badges_of
from web.house import house

EXPECTED_RECORDING = {RecordingStatus.PENDING, RecordingStatus.RECORDING}


def shown(session: Session, found: Sequence[CallLog]) -> list[dict[str, Any]]:
    """What the API shows of the calls, with what only people need."""
    listed = present.present_list(session, found, house().settings.business_slots)
    at_work = set(session.scalars(select(Task.call_id).where(Task.call_id.in_([call.id for call in found]))))
    return [fields | _for_people(call, fields, call.id in at_work) for call, fields in zip(found, listed, strict=True)]


def _for_people(call: CallLog, fields: dict[str, Any], is_at_work: bool) -> dict[str, Any]:
    badges = badges_of(fields)
    return {
        "id": call.id,
        "badges": badges,
        "has_failed": any(badge.state == "failed" for badge in badges),
        "busy": is_at_work or _goes_on(call),
        "playable": bool(fields["call_sid"]) and audio.is_to_come(call),
    }


def _goes_on(call: CallLog) -> bool:
    """Whether the call itself, or its recording, is not over yet."""
    return call.call_status not in FINAL_CALL_STATUSES and call.recording_status in EXPECTED_RECORDING
