"""The form fields of every request to the customer, as Twilio names them."""

import json
import math
import secrets
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from simulator.records import Call, Recording
from simulator.sids import make_sid

API_VERSION = "2010-04-01"

# Country, state, city and postal code by dialling prefix; Twilio knows the place of few numbers beyond the country.
PLACES = {
    "+1": ("US", "IL", "CHICAGO", "60605"),
    "+44": ("GB", "", "", ""),
    "+55": ("BR", "SP", "São Paulo", ""),
    "+972": ("IL", "", "", ""),
}

SIP_CODES = {"busy": "486", "no-answer": "487", "canceled": "487"}


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


def iso8601(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def call_fields(account_sid: str, call: Call) -> dict[str, str]:
    return {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Direction": call.direction,
        **_party("From", "Caller", call.from_),
        **_party("To", "Called", call.to),
    } | ({"ParentCallSid": call.parent_sid} if call.parent_sid else {})


def inbound_fields(account_sid: str, call: Call) -> dict[str, str]:
    """The first request about a call from outside."""
    token = {"parentCallInfoToken": secrets.token_urlsafe(96), "identityHeaderTokens": []}
    fields = call_fields(account_sid, call) | {"CallToken": quote(json.dumps(token))}
    if call.from_.startswith("+1"):
        fields["StirVerstat"] = "TN-Validation-Passed-A"
    return fields


def status_fields(account_sid: str, call: Call, status: str, moment: datetime) -> dict[str, str]:
    """`status` is the event's, which may be `initiated`, a word the call itself never has."""
    fields = call_fields(account_sid, call) | {
        "CallStatus": status,
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.sequence),
        "Timestamp": rfc2822(moment),
    }
    if call.duration is not None:
        fields |= {"CallDuration": str(call.duration), "Duration": str(math.ceil(call.duration / 60))}
    if status in SIP_CODES:
        fields["SipResponseCode"] = SIP_CODES[status]
    return fields


def recording_fields(account_sid: str, recording: Recording, url: str) -> dict[str, str]:
    fields = {
        "AccountSid": account_sid,
        "CallSid": recording.call_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": url,
        "RecordingStatus": recording.status,
        "RecordingChannels": str(recording.channels),
        "RecordingSource": recording.order.source,
        "RecordingStartTime": rfc2822(recording.started_at),
        "RecordingTrack": recording.order.track,
        "ErrorCode": str(recording.error_code or 0),
    }
    if recording.duration is not None:
        fields["RecordingDuration"] = str(recording.duration)
    return fields


def stream_fields(account_sid: str, call_sid: str, stream_sid: str, name: str, event: str) -> dict[str, str]:
    return {
        "AccountSid": account_sid,
        "CallSid": call_sid,
        "StreamSid": stream_sid,
        "StreamName": name,
        "StreamEvent": event,
        "Timestamp": iso8601(datetime.now(UTC)),
    }


def debugger_fields(account_sid: str, call_sid: str, code: int, url: str) -> dict[str, str]:
    more = {"ErrorCode": str(code), "LogLevel": "ERROR", "url": url, "Msg": f"An attempt to reach {url} failed"}
    payload = {
        "resource_sid": call_sid,
        "service_sid": None,
        "error_code": str(code),
        "more_info": more,
        "webhook": {"type": "application/json", "request": {}},
    }
    return {
        "Sid": make_sid("NO"),
        "AccountSid": account_sid,
        "ParentAccountSid": "",
        "Level": "ERROR",
        "Timestamp": iso8601(datetime.now(UTC)),
        "PayloadType": "application/json",
        "Payload": json.dumps(payload),
    }


def _party(name: str, other_name: str, number: str) -> dict[str, str]:
    """One party's fields, each under both of its names."""
    parts = dict(zip(("Country", "State", "City", "Zip"), _place(number), strict=True))
    return {name: number, other_name: number} | {
        f"{prefix}{part}": value for prefix in (name, other_name) for part, value in parts.items()
    }


def _place(number: str) -> tuple[str, str, str, str]:
    return next((place for prefix, place in PLACES.items() if number.startswith(prefix)), ("", "", "", ""))
