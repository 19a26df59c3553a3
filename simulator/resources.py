"""Calls and recordings as the REST API shows them: Twilio's names, types and formats."""

from datetime import datetime
from typing import Any

from simulator.exchange import Exchange
from simulator.fields import API_VERSION, rfc2822
from simulator.records import Call, Recording

CALL_PRICE, RECORDING_PRICE = "-0.00850", "-0.00250"

REST_SOURCES = {"StartCallRecordingTwiML": "StartCallRecordingAPI"}
"""The resource has no word of its own for a recording that TwiML started, though its callbacks have."""

CALL_SUBRESOURCES = {
    "notifications": "Notifications",
    "recordings": "Recordings",
    "payments": "Payments",
    "events": "Events",
    "siprec": "Siprec",
    "streams": "Streams",
    "transcriptions": "Transcriptions",
    "user_defined_message_subscriptions": "UserDefinedMessageSubscriptions",
    "user_defined_messages": "UserDefinedMessages",
}


def call_resource(exchange: Exchange, call: Call) -> dict[str, Any]:
    completed = call.status == "completed"
    return {
        "sid": call.sid,
        "account_sid": exchange.account.account_sid,
        "api_version": API_VERSION,
        "parent_call_sid": call.parent_sid,
        "from": call.from_,
        "from_formatted": formatted(call.from_),
        "to": call.to,
        "to_formatted": formatted(call.to),
        "direction": call.direction,
        "status": call.status,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "start_time": _moment(call.answered_at),
        "end_time": _moment(call.ended_at),
        "duration": None if call.duration is None else str(call.duration),
        "price": CALL_PRICE if completed else None,
        "price_unit": "USD",
        "queue_time": "0",
        "uri": exchange.path("Calls", f"{call.sid}.json"),
        "subresource_uris": {
            name: exchange.path("Calls", call.sid, f"{part}.json") for name, part in CALL_SUBRESOURCES.items()
        },
        **dict.fromkeys(
            ("answered_by", "caller_name", "forwarded_from", "group_sid", "phone_number_sid", "trunk_sid"), None
        ),
    }


def call_recording_resource(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """A recording as a part of its call. Twilio's schema and examples differ on the price's type, so it has none."""
    return _common(exchange, recording) | {
        "track": recording.order.track,
        "price": None,
        "uri": exchange.path("Calls", recording.call_sid, "Recordings", f"{recording.sid}.json"),
    }


def recording_resource(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """A recording in its own right."""
    return _common(exchange, recording) | {
        "status": "deleted" if recording.deleted else recording.status,
        "price": RECORDING_PRICE if recording.status == "completed" else None,
        "media_url": exchange.recording_url(recording),
        "uri": exchange.path("Recordings", f"{recording.sid}.json"),
        "subresource_uris": {
            "add_on_results": exchange.path("Recordings", recording.sid, "AddOnResults.json"),
            "transcriptions": exchange.path("Recordings", recording.sid, "Transcriptions.json"),
        },
    }


def formatted(number: str) -> str:
    """For display: North American numbers as (415) 867-5308, all others as they are."""
    if len(number) == 12 and number.startswith("+1"):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _common(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    source = recording.order.source
    return {
        "sid": recording.sid,
        "account_sid": exchange.account.account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "status": recording.status,
        "source": REST_SOURCES.get(source, source),
        "channels": recording.channels,
        "duration": None if recording.duration is None else str(recording.duration),
        "error_code": recording.error_code,
        "date_created": rfc2822(recording.started_at),
        "date_updated": rfc2822(recording.updated_at),
        "start_time": rfc2822(recording.started_at),
        "price_unit": "USD",
        "encryption_details": None,
    }


def _moment(moment: datetime | None) -> str | None:
    return rfc2822(moment) if moment else None
