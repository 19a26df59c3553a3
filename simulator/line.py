"""One call in progress: its place in time, and the documents that say what happens on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from simulator.announcements import announce_call, announce_stream
from simulator.exchange import Exchange
from simulator.fields import call_fields
from simulator.outbox import Notice, Subscription
from simulator.recorder import start_recording
from simulator.records import Call, now
from simulator.sids import make_sid
from simulator.twiml import BadTwiml, Document, parse

UNREACHABLE, UNUSABLE, NOT_TWIML = 11205, 11200, 12100


class NoDocument(Exception):
    """The customer's answer cannot be followed; `code` is Twilio's for the reason."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Stream:
    """A media stream that runs until it is stopped or the call ends."""

    name: str
    callback: Subscription | None
    sid: str = field(default_factory=lambda: make_sid("MZ"))


class Line:
    """`position` is the moment of the call's clock that the verbs have reached.

    It moves by what the verbs last, not by when a busy machine gets round to them: fifty lost milliseconds on the
    wall are three lost seconds of a call that runs sixty times faster.
    """

    def __init__(self, exchange: Exchange, call: Call) -> None:
        self.exchange = exchange
        self.call = call
        self.position = 0.0
        self.streams: list[Stream] = []

    @property
    def is_over(self) -> bool:
        """Somebody hung up: the caller does when there is nothing left to hear."""
        return self.call.over.is_set() or self.position >= self.call.audio.seconds

    def ring(self, seconds: float) -> None:
        self.call.over.wait(self.call.clock.wall_seconds(seconds))

    def answer(self) -> bool:
        """False when somebody hung up first."""
        with self.exchange.lock:
            if self.call.over.is_set():
                return False
            self.call.become("in-progress")
            self.call.answered_at = now()
            self.call.clock.restart()
        if self.call.record:
            start_recording(self.exchange, self.call, self.call.record, start=0.0)
        announce_call(self.exchange, self.call)
        return True

    def stay(self, seconds: float) -> None:
        """Let the call go on, at most until somebody hangs up."""
        end = min(self.position + seconds, self.call.audio.seconds)
        hung_up = self.call.over.wait(self.call.clock.wall_seconds_until(end))
        self.position = min(end, self.call.clock.seconds()) if hung_up else end

    def stay_to_the_end(self) -> None:
        self.stay(self.call.audio.seconds)

    def catch_up(self) -> None:
        """The call went on while the customer was thinking."""
        self.position = max(self.position, min(self.call.clock.seconds(), self.call.audio.seconds))

    def start_stream(self, stream: Stream) -> Stream:
        self.streams.append(stream)
        self._announce_stream(stream, "stream-started")
        return stream

    def stop_stream(self, stream: Stream) -> None:
        self.streams.remove(stream)
        self._announce_stream(stream, "stream-stopped")

    def document(
        self, event: str, url: str, method: str = "POST", form: Mapping[str, str] | None = None
    ) -> Document | None:
        """Ask the customer, then the fallback; None when neither gives an answer that can be followed."""
        form = call_fields(self.exchange.account.account_sid, self.call) | dict(form or {})
        try:
            return self._fetch(Notice(event, url, form, method))
        except NoDocument as problem:
            self.call.outbox.complain(problem.code, url)
            return self._fallback(form | {"ErrorCode": str(problem.code), "ErrorUrl": url})

    def _fallback(self, form: Mapping[str, str]) -> Document | None:
        url = self.call.voice_fallback_url
        if not url:
            return None
        try:
            return self._fetch(Notice("fallback", url, form))
        except NoDocument as problem:
            self.call.outbox.complain(problem.code, url)
            return None

    def _fetch(self, notice: Notice) -> Document:
        try:
            response = self.call.outbox.ask(notice)
        except httpx.ConnectError as error:
            raise NoDocument(UNREACHABLE) from error
        except httpx.TransportError as error:
            raise NoDocument(UNUSABLE) from error
        if response.status_code >= 300:
            raise NoDocument(UNUSABLE)
        try:
            return parse(response.text, urlsplit(notice.url)._replace(fragment="").geturl())
        except BadTwiml as error:
            raise NoDocument(NOT_TWIML) from error

    def _announce_stream(self, stream: Stream, event: str) -> None:
        if stream.callback:
            announce_stream(self.exchange, self.call, stream.callback, stream.sid, stream.name or stream.sid, event)
