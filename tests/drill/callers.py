"""Who calls during the storm, when, and with which faults of the phone company."""

import json
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import httpx

from conf.settings import ROOT
from simulator.account import Listing
from simulator.audio import Audio, decode
from tests.drill.clock import StormClock

SPEECH = ROOT / "simulator" / "audio" / "demo_en.flac"
NOBODYS_NUMBER = "+14155550199"
AT_ONCE = 16
PLACE_SECONDS = 60
"""A phone company on two busy cores may be slow to take a call."""

EVERY_EVENT = "initiated ringing answered completed"

DROPPED = (
    *("recording-in-progress", "recording-completed", "recording-absent"),
    *("call-initiated", "call-ringing", "call-answered", "call-completed"),
)

Draw = Callable[[random.Random], str]


def _counted(name: str, least: int, most: int) -> Draw:
    return lambda chance: f"{name}={chance.randint(least, most)}"


def _plain(text: str) -> Draw:
    return lambda chance: text


FAULTS: Sequence[tuple[float, Draw]] = (
    (0.15, _counted("duplicate", 1, 3)),
    (0.08, _counted("duplicate_new_token", 1, 2)),
    (0.10, _plain("reorder")),
    (0.10, lambda chance: f"late={chance.uniform(0.5, 6):.1f}"),
    *((0.05, _plain(f"drop={event}")) for event in DROPPED),
    (0.10, _plain("drop=recording-completed")),
    (0.04, lambda chance: f"absent={chance.choice((16101, 16102))}"),
    (0.10, _counted("media_404", 1, 3)),
    (0.06, _counted("media_429", 1, 2)),
    (0.06, _plain("media_truncate")),
    (0.015, _plain("media_stall")),  # each costs a download worker 15 s of silence
    (0.03, _plain("media_html")),
    (0.06, _plain("mono")),
    (0.06, _counted("create_21220", 1, 2)),
)
"""How likely each is on a call; one call may have several."""

UNANSWERED_SHARE = 0.08
NOBODYS_SHARE = 0.03


@dataclass(frozen=True)
class Caller:
    """One call to be placed `at` seconds into the storm; `begin` and `seconds` cut the speech."""

    at: float
    from_: str
    to: str
    begin: float
    seconds: float
    speed: float
    hangup: str | None
    faults: tuple[str, ...]

    def has(self, fault: str) -> bool:
        return any(one.partition("=")[0] == fault for one in self.faults)


def cast(calls: int, length: float, numbers: Sequence[str], seed: int) -> Sequence[Caller]:
    """The callers of a seed, in the order of their calls, spread over `length` seconds."""
    chance = random.Random(f"callers {seed}")
    moments = sorted(chance.uniform(0, length) for _ in range(calls))
    return [_caller(chance, number, at, numbers) for number, at in enumerate(moments)]


def _caller(chance: random.Random, number: int, at: float, numbers: Sequence[str]) -> Caller:
    is_unanswered = chance.random() < UNANSWERED_SHARE
    return Caller(
        at=at,
        from_=f"+1650555{number:04d}",
        to=NOBODYS_NUMBER if chance.random() < NOBODYS_SHARE else chance.choice(numbers),
        begin=chance.uniform(0, 30),
        seconds=chance.uniform(3, 6),
        speed=chance.uniform(1, 3),
        hangup=chance.choice(("busy", "no-answer", "canceled")) if is_unanswered else None,
        faults=tuple(draw(chance) for share, draw in FAULTS if chance.random() < share),
    )


@dataclass
class Exchange:
    """The phone company as the callers see it."""

    company: Listing
    placed: dict[str, Caller] = field(default_factory=dict)
    """By CallSid."""

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            base_url=self.company.url,
            auth=(self.company.account_sid, self.company.auth_token),
            timeout=PLACE_SECONDS,
            trust_env=False,
        )
        self._speech = decode(SPEECH.read_bytes())

    def announce_numbers(self, numbers: Sequence[str]) -> None:
        """Every other number is set up to have all its calls' events sent; the rest tell of the end alone."""
        for number in numbers[::2]:
            self._http.put(f"/simulator/numbers/{number}", json={"status_callback_event": EVERY_EVENT})

    def place_all(self, callers: Sequence[Caller], clock: StormClock, stop: threading.Event) -> None:
        """Each at its time, many at once; returns when all are placed."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for caller in callers:
                if not clock.wait_for(caller.at, stop):
                    return
                pool.submit(partial(self._place, caller))

    def _place(self, caller: Caller) -> None:
        options = {
            "from": caller.from_,
            "to": caller.to,
            "hangup": caller.hangup,
            "fault": list(caller.faults),
            "speed": caller.speed,
        }
        sound: Audio = self._speech.cut(caller.begin, caller.begin + caller.seconds)
        answer = self._http.post(
            "/simulator/calls", data={"options": json.dumps(options)}, files={"audio": ("speech.wav", sound.wav())}
        )
        self.placed[answer.json()["call_sid"]] = caller
