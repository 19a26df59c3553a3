"""Reads a webhook's fields: matched whole, or refused with the field's name."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from werkzeug.exceptions import BadRequest

from db.calls import CallFacts
from db.recordings import FINAL, RecordingFacts
from db.words import CALL_STATUS_ORDER

Fields = Mapping[str, str]

CALL_SID = re.compile("CA[0-9a-f]{32}")
RECORDING_SID = re.compile("RE[0-9a-f]{32}")
STREAM_SID = re.compile("MZ[0-9a-f]{32}")
WORD = re.compile("[A-Za-z0-9-]{1,32}")
NOTICE_SID = re.compile("[A-Za-z0-9]{1,34}")
DELIVERY = re.compile(r"[\x21-\x7e]{1,128}")
"""An idempotency token: it is not signed, so anything may stand there."""
PARTY = re.compile(r"[^\x00-\x1f\x7f]{0,64}")
"""A number, a SIP address, `anonymous`, …: whatever it is, on one line."""

RECORDING_STATUSES = FINAL | {"in-progress", "paused", "stopped", "processing"}
LONGEST_COUNT = 9
"""Digits that fit an INTEGER."""

LONGEST_REMARK = 200
"""Characters of a text that people may read in a timeline."""


def required(fields: Fields, name: str, pattern: re.Pattern[str]) -> str:
    """The field, which must match from its first to its last character."""
    value = fields.get(name, "")
    if not pattern.fullmatch(value):
        raise BadRequest(f"{name}: missing or malformed")
    return value


def optional(fields: Fields, name: str, pattern: re.Pattern[str]) -> str | None:
    """The field, or None when it is absent or empty."""
    return required(fields, name, pattern) if fields.get(name) else None


def count(fields: Fields, name: str) -> int | None:
    """A number; Twilio sends -1 and junk too, which say nothing."""
    value = fields.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= LONGEST_COUNT else None


def remark(fields: Fields, name: str) -> str | None:
    """A text in the phone company's own words, on one line and not too long; None when it is absent or empty."""
    value = "".join(char if char.isprintable() else " " for char in fields.get(name, ""))
    return value[:LONGEST_REMARK].strip() or None


def moment(fields: Fields, name: str) -> datetime | None:
    """A time in RFC 2822 or ISO 8601, whatever its zone; None when it is neither."""
    value = fields.get(name, "")
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = parse(value)
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def call_facts(fields: Fields) -> CallFacts:
    """What a voice or status webhook says of its call; a status that nobody knows says nothing."""
    status = optional(fields, "CallStatus", WORD)
    return CallFacts(
        call_sid=required(fields, "CallSid", CALL_SID),
        status=status if status in CALL_STATUS_ORDER else None,
        direction=optional(fields, "Direction", WORD),
        from_number=optional(fields, "From", PARTY),
        to_number=optional(fields, "To", PARTY),
        parent_call_sid=optional(fields, "ParentCallSid", CALL_SID),
        duration=count(fields, "CallDuration"),
        at=moment(fields, "Timestamp"),
    )


def recording_facts(fields: Fields, url: str) -> RecordingFacts:
    """What a recording status callback says; its RecordingUrl is not believed."""
    status = required(fields, "RecordingStatus", WORD)
    if status not in RECORDING_STATUSES:
        raise BadRequest("RecordingStatus: unknown")
    return RecordingFacts(
        recording_sid=required(fields, "RecordingSid", RECORDING_SID),
        status=status,
        url=url,
        source=optional(fields, "RecordingSource", WORD),
        channels=count(fields, "RecordingChannels"),
        duration=count(fields, "RecordingDuration"),
        started_at=moment(fields, "RecordingStartTime"),
        error_code=count(fields, "ErrorCode") or None,
    )
