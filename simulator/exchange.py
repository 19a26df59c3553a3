"""The telephone exchange: everything the phone company knows, in memory, behind one lock."""

import threading
from functools import partial
from typing import Any

from simulator.account import Account
from simulator.audio import Audio, soft_tones
from simulator.clock import CallClock
from simulator.faults import Faults
from simulator.fields import API_VERSION, debugger_fields
from simulator.outbox import Notice, Outbox
from simulator.records import Call, PhoneNumber, Recording
from simulator.sids import make_sid
from simulator.unreliable import Unreliable
from simulator.wire import Wire


class Exchange:
    """`public_base_url` is the customer's address, `url` the phone company's own once it listens.

    `speed` and `outbound_audio` are those of the calls the customer places.
    """

    def __init__(
        self,
        account: Account,
        public_base_url: str,
        speed: float = 60.0,
        outbound_audio: Audio | None = None,
        unreliable: Unreliable | None = None,
    ) -> None:
        self.account = account
        self.url = ""
        self.public_base_url = public_base_url.rstrip("/")
        self.speed = speed
        self.outbound_audio = outbound_audio or soft_tones()
        self.unreliable = unreliable or Unreliable()
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}
        self.numbers: dict[str, PhoneNumber] = {}
        self._wire = Wire(account)

    def open_call(self, audio: Audio, speed: float, faults: Faults, **details: Any) -> Call:
        """A new call that nothing has happened to yet."""
        sid = make_sid("CA")
        outbox = Outbox(self._wire, faults, partial(self._complaint, sid), self.stopping)
        call = Call(sid=sid, audio=audio, clock=CallClock(speed), faults=faults, outbox=outbox, **details)
        with self.lock:
            self.calls[sid] = call
        return call

    def open_leg(self, parent: Call, to: str) -> Call:
        """The leg that a Dial adds to a call; its events travel with those of the call."""
        leg = Call(
            direction="outbound-dial",
            from_=parent.from_,
            to=to,
            audio=parent.audio,
            clock=parent.clock,
            faults=parent.faults,
            outbox=parent.outbox,
            sid=make_sid("CA"),
            parent_sid=parent.sid,
        )
        with self.lock:
            self.calls[leg.sid] = leg
        return leg

    def number(self, e164: str) -> PhoneNumber:
        """What the number book says; the customer's usual addresses for whatever it leaves open."""
        with self.lock:
            known = self.numbers.get(e164, PhoneNumber())
        webhook = f"{self.public_base_url}/webhook"
        return PhoneNumber(
            voice_url=known.voice_url or f"{webhook}/incoming_call",
            voice_fallback_url=known.voice_fallback_url or f"{webhook}/fallback",
            status_callback=known.status_callback or f"{webhook}/call_status",
            status_callback_event=known.status_callback_event,
            hangup=known.hangup,
            fault=known.fault,
        )

    def path(self, *parts: str) -> str:
        return "/".join([f"/{API_VERSION}/Accounts", self.account.account_sid, *parts])

    def recording_url(self, recording: Recording) -> str:
        return self.url + self.path("Recordings", recording.sid)

    def _complaint(self, call_sid: str, code: int, url: str) -> Notice:
        fields = debugger_fields(self.account.account_sid, call_sid, code, url)
        return Notice("debugger", f"{self.public_base_url}/webhook/debugger", fields)
