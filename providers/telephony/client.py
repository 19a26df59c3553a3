"""Twilio's REST API, in our words."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from providers.errors import Rejected, Unavailable
from providers.telephony.media import REFUSED, Media
from providers.telephony.outbound import Callbacks, PerhapsPlaced, refusal, was_sent
from providers.telephony.twiml import RECORDING_EVENTS

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")

TIMEOUT_SECONDS = 10
NOT_ELIGIBLE = 21220
NO_ANSWER = "The phone company did not answer."
MOST_RECORDINGS = 20
"""Of one call; there should be one."""

RECORDINGS_A_PAGE = 1000
"""The most Twilio gives at a time: a busy hour is a handful of requests."""


@dataclass(frozen=True)
class CallInfo:
    """A call as the phone company has it; duration in seconds."""

    call_sid: str
    status: str
    direction: str
    from_number: str | None
    to_number: str | None
    parent_call_sid: str | None
    duration: int | None
    started_at: datetime | None


@dataclass(frozen=True)
class RecordingInfo:
    """A recording as the phone company has it; duration in seconds."""

    recording_sid: str
    call_sid: str
    status: str
    source: str | None
    channels: int | None
    duration: int | None
    started_at: datetime | None
    error_code: int | None


class NotEligible(Unavailable):
    """Error 21220: the call can't be recorded now, because it is too early, or too late."""


def recording_url(api_base_url: str, account_sid: str, recording_sid: str) -> str:
    """Where a recording is, built from our own account: an address that came in a callback is never fetched."""
    return f"{api_base_url}/2010-04-01/Accounts/{account_sid}/Recordings/{recording_sid}"


class Telephony:
    """One account at the phone company."""

    def __init__(self, account_sid: str, auth_token: str, api_base_url: str) -> None:
        http = TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        self._client = Client(account_sid, auth_token, http_client=http)
        self._client.api.base_url = api_base_url
        self.account_sid = account_sid
        self._api_base_url = api_base_url
        self._auth = (account_sid, auth_token)

    def call(self, call_sid: str) -> CallInfo:
        """Ask for a call. Raises Rejected("gone") when there is none."""
        return _call_info(_ask(self._client.calls(call_sid).fetch))

    def place_call(self, to: str, from_: str, callbacks: Callbacks, *, record: bool) -> CallInfo:
        """Call a number; recorded from the answer, both sides, untrimmed.

        Raises NotPlaced, PerhapsPlaced, or Unavailable when there is certainly no call.
        """
        recorded = {
            "record": True,
            "recording_channels": "dual",
            "recording_track": "both",
            "trim": "do-not-trim",
            "recording_status_callback": callbacks.recording,
            "recording_status_callback_method": "POST",
            "recording_status_callback_event": list(RECORDING_EVENTS),
        }
        place = partial(
            self._client.calls.create,
            to=to,
            from_=from_,
            url=callbacks.answered,
            method="POST",
            fallback_url=callbacks.fallback,
            fallback_method="POST",
            status_callback=callbacks.status,
            status_callback_method="POST",
            status_callback_event=list(CALL_EVENTS),
            **(recorded if record else {}),
        )
        placed = _call_info(_place(place))
        if not placed.call_sid:
            raise PerhapsPlaced("phone_company", NO_ANSWER)
        return placed

    def recordings(self, call_sid: str) -> Sequence[RecordingInfo]:
        """All recordings of a call, whoever started them."""
        found = _ask(lambda: self._client.calls(call_sid).recordings.list(limit=MOST_RECORDINGS))
        return [_recording_info(recording) for recording in found]

    def whole_list(self, call_sid: str) -> Sequence[RecordingInfo]:
        """All recordings of a call, also where the account has forgotten the call itself."""
        return [
            _recording_info(recording) for recording in _ask(lambda: self._client.recordings.list(call_sid=call_sid))
        ]

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[RecordingInfo]:
        """All recordings of the account that began in that time, asked for in pages while they are read."""
        ask = partial(
            self._client.recordings.stream,
            date_created_after=start,
            date_created_before=end,
            page_size=RECORDINGS_A_PAGE,
        )
        listed = _ask(ask)
        while (recording := _ask(lambda: next(listed, None))) is not None:
            yield _recording_info(recording)

    def start_recording(self, call_sid: str, callback: str) -> RecordingInfo:
        """Record both sides from now on, untrimmed. Raises NotEligible unless the call is in progress."""
        recordings = self._client.calls(call_sid).recordings
        started = _ask(
            lambda: recordings.create(
                recording_channels="dual",
                recording_track="both",
                trim="do-not-trim",
                recording_status_callback=callback,
                recording_status_callback_method="POST",
                recording_status_callback_event=list(RECORDING_EVENTS),
            )
        )
        return _recording_info(started)

    def recording_status(self, recording_sid: str) -> str:
        """What the account says of a recording, also of a deleted one. Raises Rejected("gone") for none."""
        recording = self._client.recordings(recording_sid)
        return str(_ask(lambda: recording.fetch(include_soft_deleted=True)).status)

    def delete_recording(self, recording_sid: str) -> None:
        """Have the account keep it no longer; well when it does not have it."""
        with suppress(Rejected):
            _ask(self._client.recordings(recording_sid).delete)

    def media(self, recording_sid: str, *, dual: bool) -> Media:
        """The recording's file, to be streamed."""
        return Media(self.url_of(recording_sid), self._auth, dual=dual)

    def url_of(self, recording_sid: str) -> str:
        """Where the recording is, without an extension."""
        return recording_url(self._api_base_url, self.account_sid, recording_sid)


def _ask(request: Callable[[], Any]) -> Any:
    """Call the client, and say in our words what went wrong."""
    try:
        return request()
    except TwilioException as error:
        raise _translated(error) from error
    except RequestException as error:
        raise Unavailable("phone_company", NO_ANSWER) from error


def _place(place: Callable[[], Any]) -> Any:
    """As above, and only once: whether there is a call must be known before anybody asks for it again."""
    try:
        return place()
    except TwilioException as error:
        status = _status_of(error)
        if status is None or status == 408 or status >= 500:
            raise PerhapsPlaced("phone_company", f"The phone company answered with error {status}.") from error
        raise refusal(getattr(error, "code", None), status) or _translated(error) from error
    except RequestException as error:
        kind = PerhapsPlaced if was_sent(error) else Unavailable
        raise kind("phone_company", NO_ANSWER) from error
    except (ValueError, AttributeError) as error:  # not JSON, or no object
        raise PerhapsPlaced("phone_company", NO_ANSWER) from error


def _translated(error: TwilioException) -> Exception:
    if getattr(error, "code", None) == NOT_ELIGIBLE:
        return NotEligible("not_eligible", "The call can't be recorded now.", retry_after=1)
    status = _status_of(error)
    if status == 404:
        return Rejected("gone", "The phone company does not have it.", outcome="gone")
    if status in (401, 403):
        return Unavailable("credentials", REFUSED)
    if status == 429:
        return Unavailable("rate_limited", "The phone company asks us to slow down.", retry_after=1)
    return Unavailable("phone_company", f"The phone company answered with error {status}.")


def _status_of(error: TwilioException) -> int | None:
    """The HTTP status; the client's lists hide it in the response they hand along."""
    if isinstance(error, TwilioRestException):
        return int(error.status)
    response = error.args[1] if len(error.args) > 1 else None
    return getattr(response, "status_code", None)


def _call_info(call: Any) -> CallInfo:
    return CallInfo(
        call_sid=call.sid,
        status=str(call.status),
        direction=call.direction,
        from_number=call._from or None,
        to_number=call.to or None,
        parent_call_sid=call.parent_call_sid or None,
        duration=_whole(call.duration),
        started_at=call.start_time,
    )


def _recording_info(recording: Any) -> RecordingInfo:
    return RecordingInfo(
        recording_sid=recording.sid,
        call_sid=recording.call_sid,
        status=str(recording.status),
        source=recording.source,
        channels=_whole(recording.channels),
        duration=_whole(recording.duration),
        started_at=recording.start_time,
        error_code=_whole(recording.error_code),
    )


def _whole(value: object) -> int | None:
    """A number that Twilio may give as text, as -1, or not at all."""
    text = str(value)
    return int(text) if text.isdecimal() and text.isascii() else None
