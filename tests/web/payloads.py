"""Twenty events as the phone company sends them: their fields, and what is known of the call afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.twilio import ACCOUNT_SID

OURS, THEIRS = "+14155550101", "+442079460111"
CALL = "CA" + "7" * 32
RECORDING = "RE" + "8" * 32
STREAM = "MZ" + "9" * 32
NOTICE = "NO" + "6" * 32
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{RECORDING}"
CAPTURED_TOKEN = "%7B%22parentCallInfoToken%22%3A%22header.body.seal%22%2C%22identityHeaderTokens%22%3A%5B%5D%7D"
"""A CallToken's value is percent-encoded by itself, and once more by the form it comes in."""


@dataclass(frozen=True)
class Payload:
    """One event: where it is posted, what is in it, the answer's status, and columns of the call afterwards.

    No columns: the call is not stored.
    """

    name: str
    path: str
    fields: Mapping[str, str]
    answer: int
    call: Mapping[str, Any] = field(default_factory=dict)
    method: str = "POST"


def recording(**fields: str) -> dict[str, str]:
    """A recording status callback."""
    usual = {
        "RecordingSource": "StartCallRecordingAPI",
        "RecordingTrack": "both",
        "RecordingSid": RECORDING,
        "RecordingUrl": API,
        "RecordingStatus": "completed",
        "RecordingChannels": "2",
        "ErrorCode": "0",
        "RecordingStartTime": "Tue, 05 Mar 2024 14:03:09 +0000",
        "RecordingDuration": "37",
    }
    return usual | fields


def old_recording(**fields: str) -> dict[str, str]:
    """A recording status callback from before there was a RecordingTrack, of one channel."""
    mono = recording(RecordingSource="RecordVerb", RecordingChannels="1", **fields)
    del mono["RecordingTrack"]
    return mono


def places(**known: str) -> dict[str, str]:
    """The geographic fields; most of them come empty."""
    names = [
        f"{who}{what}" for who in ("From", "Caller", "To", "Called") for what in ("City", "State", "Zip", "Country")
    ]
    return dict.fromkeys(names, "") | known


def voice(status: str, direction: str, caller: str, called: str, **fields: str) -> dict[str, str]:
    """What every voice event says."""
    usual = {
        "ApiVersion": "2010-04-01",
        "CallStatus": status,
        "Direction": direction,
        "From": caller,
        "Caller": caller,
        "To": called,
        "Called": called,
    }
    return usual | fields


def rings(**fields: str) -> dict[str, str]:
    """An inbound call's first event."""
    return voice("ringing", "inbound", THEIRS, OURS, CallToken=CAPTURED_TOKEN) | places() | fields


def progress(status: str, number: int, **fields: str) -> dict[str, str]:
    """A status callback of a call that we placed."""
    told = {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(number),
        "Timestamp": "Tue, 05 Mar 2024 14:03:46 +0000",
    }
    return voice(status, "outbound-api", OURS, THEIRS) | told | places() | fields


def unanswered(number: int, response: str, **fields: str) -> dict[str, str]:
    return progress("busy", number, SipResponseCode=response, CallDuration="0", Duration="0", **fields)


RECORDED = {"recording_status": "completed", "recording_sid": RECORDING, "recording_count": 1, "last_error": None}
RINGING = {"call_status": "ringing", "direction": "inbound", "from_number": THEIRS, "to_number": OURS}
UNRECORDED = {"recording_status": "failed", "outcome": "no_recording", "last_error": None, "duration": 0}

DEBUGGER = {
    "Level": "ERROR",
    "ParentAccountSid": "",
    "PayloadType": "application/json",
    "Sid": NOTICE,
    "Timestamp": "2024-03-05T14:03:46Z",
    "Payload": json.dumps(
        {
            "resource_sid": CALL,
            "service_sid": None,
            "error_code": "11200",
            "more_info": {"Msg": "404 from https://calls.example.com", "LogLevel": "ERROR", "httpResponse": "404"},
            "webhook": {"type": "application/json", "request": {}},
        }
    ),
}

PAYLOADS = [
    Payload(
        "a recording by REST in two channels",
        "handle_recording",
        recording(),
        204,
        RECORDED | {"recording_mode": "RECORDING_API"},
    ),
    Payload("a voice mail of 2021, without a track", "handle_recording", old_recording(), 204, RECORDED),
    Payload(
        "a voice mail of 2023",
        "handle_recording",
        old_recording(RecordingStartTime="Mon, 03 Jul 2023 21:45:28 +0000"),
        204,
        RECORDED | {"outcome": None, "recording_mode": None},
    ),
    Payload(
        "a transcription, which looks like a recording and like a call",
        "handle_recording",
        voice("completed", "outbound-api", OURS, THEIRS)
        | {
            "TranscriptionSid": "TR" + "5" * 32,
            "TranscriptionType": "fast",
            "TranscriptionStatus": "completed",
            "TranscriptionText": "Fine, thanks: 100% & more.",
            "TranscriptionUrl": f"{API}/Transcriptions/TR{'5' * 32}",
            "RecordingSid": RECORDING,
            "RecordingUrl": API,
        },
        400,  # it has no RecordingStatus, and we ask for no transcription
    ),
    Payload(
        "a call that a human answered in a city with an accent",
        "call_status",
        progress("completed", 3, CallDuration="49", Duration="1", AnsweredBy="human")
        | places(CalledCity="São Paulo", ToCity="São Paulo", CallerCity="NEW YORK"),
        204,
        {"call_status": "completed", "duration": 49, "direction": "outbound", "recording_status": "pending"},
    ),
    Payload("busy, by GET", "call_status", unanswered(2, "486"), 204, UNRECORDED, method="GET"),
    Payload("busy, by POST, given up while it rang", "call_status", unanswered(2, "487"), 204, UNRECORDED),
    Payload(
        "initiated",
        "call_status",
        progress("initiated", 0),
        204,
        {"call_status": "initiated", "duration": None, "recording_status": "pending"},
    ),
    Payload(
        "a call with a verified caller", "incoming_call", rings(StirVerstat="TN-Validation-Passed-A"), 200, RINGING
    ),
    Payload(
        "a call with identity tokens of more than a kilobyte",
        "incoming_call",
        rings(StirPassportToken="B" * 700, CallToken=CAPTURED_TOKEN + "C" * 1500),
        200,
        RINGING,
    ),
    Payload(
        "a call that was forwarded",
        "incoming_call",
        rings(ForwardedFrom="+13125550123", CalledVia="+13125550123"),
        200,
        RINGING,
    ),
    Payload(
        "a call with JSON in a field we do not know",
        "incoming_call",
        rings(AddOns='{"status":"successful","message":null,"code":null,"results":{}}'),
        200,
        RINGING,
    ),
    Payload(
        "a call from a city, without a verdict on its caller",
        "incoming_call",
        rings(FromCity="CHICAGO", CallerCity="CHICAGO", FromZip="60605"),
        200,
        RINGING,
    ),
    Payload(
        "the end of a dialled leg",
        "dial_action",  # our <Dial> names no action, so there is no such path
        voice("in-progress", "outbound-api", OURS, THEIRS)
        | {"DialCallSid": "CA" + "4" * 32, "DialCallStatus": "completed", "DialCallDuration": "3"},
        404,
    ),
    Payload(
        "digits gathered in 2010, without the caller's city",
        "gather",  # we ask for no digits
        voice("in-progress", "inbound", THEIRS, OURS) | {"ToZip": "94937", "CalledCity": "INVERNESS"},
        404,
    ),
    Payload("a webhook of ours answered 404", "debugger", DEBUGGER, 204, {"webhook_11205_count": 0}),
    Payload(
        "a stream broke",
        "stream_status",
        {
            "StreamSid": STREAM,
            "StreamName": "a-stream",
            "StreamEvent": "stream-error",
            "StreamError": "31951",
            "Timestamp": "2024-03-05T14:03:46Z",
        },
        204,
        {"stream_connect_count": 0},
    ),
    Payload(
        "our first answer failed",
        "fallback",
        voice("in-progress", "inbound", THEIRS, OURS)
        | {"ErrorCode": "11200", "ErrorUrl": "https://calls.example.com/webhook/incoming_call"},
        200,
        {"call_status": "in-progress", "recording_status": "pending", "last_error": None},
    ),
    Payload(
        "only silence was recorded",
        "handle_recording",
        recording(RecordingStatus="absent", ErrorCode="16102", RecordingDuration="0"),
        204,
        {"recording_status": "failed", "outcome": "silent", "recording_count": 0, "last_error": None},
    ),
    Payload(
        "a recording with a foreign address and a start in another time zone",
        "handle_recording",
        old_recording(
            RecordingUrl="https://cdn.evil.example/audio.mp3?filename=x",
            RecordingStartTime="Tue, 05 Mar 2024 08:03:09 -0600",
        ),
        204,
        RECORDED,
    ),
]
