"""Calls as people see them: what the API shows, with badges, and whether anything is still to happen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CallLog, Task
from db.words import FINAL_CALL_STATUSES, UNANSWERED_CALL_STATUSES, RecordingStatus
from web import audio, formats, present
from web.api.models import MOST_CALLS
from web.badges import badges_of, fold
from web.house import house

MOST_POLLED = MOST_CALLS
"""Rows of a page that are kept up to date; of longer ones the newest."""

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
        "badge": fold(badges),
        "has_failed": any(badge.state == "failed" for badge in badges),
        "is_missed": call.direction != "outbound" and call.call_status in UNANSWERED_CALL_STATUSES,
        "busy": is_at_work or _goes_on(call),
        "playable": bool(fields["call_sid"]) and audio.is_to_come(call),
    }


def _goes_on(call: CallLog) -> bool:
    """Whether the call itself, or its recording, is not over yet."""
    return call.call_status not in FINAL_CALL_STATUSES and call.recording_status in EXPECTED_RECORDING


def by_day(calls: list[dict[str, Any]], room: int = MOST_POLLED) -> dict[str, Any]:
    """What the list of those calls needs; `room` is for so many that are to be kept up to date."""
    polled = {call["id"] for call in calls[: max(room, 0)]}
    busy = sum(call["busy"] for call in calls if call["id"] in polled)
    return {"days": days_of(calls), "polled": polled, "busy": busy}


def days_of(calls: Sequence[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Each day's date, what it is called today, and its calls."""
    now = datetime.now(UTC)
    days = [(key, list(group)) for key, group in groupby(calls, lambda call: formats.day_key(call["created_at"]))]
    return [(key, formats.day(these[0]["created_at"], now), these) for key, these in days]
