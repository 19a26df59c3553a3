"""The phone company's end of a webhook, signed by its own library."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

ACCOUNT_SID = "AC" + "a" * 32
AUTH_TOKEN = "b" * 32
PUBLIC_BASE_URL = "https://calls.example.com"
CALL_SID = "CA" + "1" * 32
RECORDING_SID = "RE" + "2" * 32


class Twilio:
    """Posts events as Twilio does."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def tells(self, path: str, *, token: str | None = None, method: str = "POST", **fields: str) -> TestResponse:
        """Post a signed event to a webhook; AccountSid and CallSid are filled in where they are missing."""
        form = {"AccountSid": ACCOUNT_SID, "CallSid": CALL_SID} | fields
        target = f"/webhook/{path}" + (f"?{urlencode(form)}" if method == "GET" else "")
        headers = {"X-Twilio-Signature": sign(target, form if method == "POST" else {})}
        if token:
            headers["I-Twilio-Idempotency-Token"] = token
        return self._client.open(target, method=method, data=form if method == "POST" else None, headers=headers)

    def calls_in(self, to: str, **fields: str) -> TestResponse:
        """An inbound call rings."""
        return self.tells(
            "incoming_call", From="+14155550111", To=to, Direction="inbound", CallStatus="ringing", **fields
        )

    def says_of_recording(self, status: str, **fields: str) -> TestResponse:
        """A recording status callback."""
        form = {
            "RecordingSid": RECORDING_SID,
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{RECORDING_SID}",
            "RecordingStatus": status,
            "RecordingChannels": "2",
            "RecordingDuration": "11",
            "RecordingSource": "StartCallRecordingTwiML",
            "RecordingTrack": "both",
            "ErrorCode": "0",
            "RecordingStartTime": "Wed, 20 Apr 2022 23:45:25 +0000",
        }
        return self.tells("handle_recording", **form | fields)


def sign(target: str, form: Mapping[str, str], *, token: str = AUTH_TOKEN, base: str = PUBLIC_BASE_URL) -> str:
    """The signature Twilio would send with a form for this target."""
    return str(RequestValidator(token).compute_signature(f"{base}{target}", form))
