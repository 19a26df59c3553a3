"""What the phone company keeps in mind: calls, their recordings, and the numbers it knows."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

from simulator.audio import Audio
from simulator.clock import CallClock
from simulator.faults import Faults
from simulator.outbox import Outbox, Subscription
from simulator.sids import make_sid

UNANSWERED = ("busy", "no-answer", "canceled")
FINAL = frozenset({"completed", "failed", *UNANSWERED})


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class PhoneNumber:
    """A number of the book: what is asked when it is called, and how it behaves when the customer calls it."""

    voice_url: str | None = None
    voice_fallback_url: str | None = None
    status_callback: str | None = None
    status_callback_event: str = "completed"
    hangup: str | None = None
    fault: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordingOrder:
    """How somebody wants a call recorded; the defaults differ with who asks."""

    source: str
    channels: int
    trim: bool
    track: str = "both"
    callback: Subscription | None = None


@dataclass
class Recording:
    """`start` and `end` are seconds of the call's clock; `sha256` is that of the WAV file in all its channels."""

    call_sid: str
    order: RecordingOrder
    channels: int
    start: float
    sid: str = field(default_factory=lambda: make_sid("RE"))
    status: str = "in-progress"
    started_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    end: float | None = None
    duration: int | None = None
    error_code: int | None = None
    audio: Audio | None = None
    sha256: str | None = None
    deleted: bool = False
    creates: int = 1
    media_downloads: int = 0

    def become(self, status: str) -> None:
        self.status = status
        self.updated_at = now()


@dataclass
class Call:
    """`over` is set when somebody hung up, `finished` when the call and its recordings are final."""

    direction: str
    from_: str
    to: str
    audio: Audio
    clock: CallClock
    faults: Faults
    outbox: Outbox
    sid: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str | None = None
    twiml: str | None = None
    callback: Subscription | None = None
    record: RecordingOrder | None = None
    hangup: str | None = None
    parent_sid: str | None = None
    status: str = "queued"
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    sequence: int = 0
    recordings: list[Recording] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    def become(self, status: str) -> None:
        self.status = status
        self.updated_at = now()
