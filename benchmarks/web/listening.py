"""What web processes hold, and how long webhooks and /healthz take, while many listen and a call is transcribed."""

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.web import rates, shelves, site, wire
from benchmarks.web.site import House
from conf.settings import ROOT
from db.words import Role
from tests.support.people import make_person
from tests.support.web_process import WebProcess

WEBHOOKS_A_SECOND = 20
PULSE_SECONDS = 0.05
SPEECH = ROOT / "simulator" / "audio" / "demo_en.flac"
LONG_ENOUGH = 1000
"""So many times the speech is transcribed, if nobody has heard enough before."""

AFTERWARDS_SECONDS = 2


@dataclass(frozen=True)
class Wish:
    """How many listen, to how many bytes each, at how many bytes a second."""

    listeners: int
    size: int
    pace: float


@dataclass
class Stretch:
    """Seconds of webhooks and of /healthz, and the web processes' memory in megabytes, as time went on."""

    webhooks: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    refused: int = 0
    memory: list[float] = field(default_factory=list)
    cpu: float = 0
    seconds: float = 0


@dataclass(frozen=True)
class Listened:
    """Before, while and after many listened; and what each of them got."""

    alone: Stretch
    crowded: Stretch
    afterwards: float
    ends: Sequence[dict[str, Any]]


def measure(house: House, wish: Wish, alone_seconds: float) -> Listened:
    """Signed webhooks on connections of their own, first alone, then beside the listeners."""
    with site.store(house, "listening") as store:
        store.run(shelves.BUSINESSES)
        reader = make_person(store.database, "reader@example.com", "+14165550100", Role.MANAGER)
        kept = shelves.record(store, reader.business_id, wish.listeners, wish.size)
        headers = reader.headers | {"Range": "bytes=0-"}
        requests = [wire.get(f"/api/recordings/{call_sid}/stream", headers) for call_sid in kept]
        numbers = itertools.count(1_000_000)
        with site.ours(store) as process:
            until = time.monotonic() + alone_seconds
            alone = _stretch(process, numbers, lambda: time.monotonic() < until)
            with _transcribing(), _listeners(process.port, wish.pace, requests) as child:
                crowded = _stretch(process, numbers, lambda: child.poll() is None)
                ends = json.loads(child.stdout.read()) if child.stdout else []
            time.sleep(AFTERWARDS_SECONDS)
            return Listened(alone, crowded, process.megabytes(), ends)


def _stretch(process: WebProcess, numbers: Iterator[int], goes_on: Any) -> Stretch:
    found, began, cpu = Stretch(), time.monotonic(), process.cpu_seconds()
    due = began
    with _pulse(process.port, found):
        while goes_on():
            answer = wire.ask(process.port, rates.call_status(next(numbers)))
            found.webhooks.append(answer.seconds)
            found.refused += answer.status >= 300
            found.memory.append(process.megabytes())
            due += 1 / WEBHOOKS_A_SECOND
            time.sleep(max(0, due - time.monotonic()))
    found.seconds, found.cpu = time.monotonic() - began, process.cpu_seconds() - cpu
    return found


@contextmanager
def _pulse(port: int, found: Stretch) -> Iterator[None]:
    """Somebody else asks whether the web process lives, all the while."""
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(PULSE_SECONDS):
            answer = wire.ask(port, wire.get("/healthz", {}))
            found.health.append(answer.seconds)
            found.refused += answer.status >= 300

    thread = threading.Thread(target=ask)
    thread.start()
    yield
    is_over.set()
    thread.join()


@contextmanager
def _transcribing() -> Iterator[None]:
    """One core has speech to write down, over and over, as a `transcripts` worker has."""
    command = [sys.executable, "-m", "providers.speech", *[str(SPEECH)] * LONG_ENOUGH, "--model", "tiny.en", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as child:  # noqa: S603 - our own
        yield
        if child.poll() is not None:
            raise RuntimeError("the transcriber was done too soon, or has failed")
        child.kill()


@contextmanager
def _listeners(port: int, pace: float, requests: Sequence[bytes]) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "benchmarks.web.listeners", str(port), str(pace)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own
        if child.stdin:
            child.stdin.write("".join(f"{json.dumps(request.decode())}\n" for request in requests))
            child.stdin.close()
        yield child
