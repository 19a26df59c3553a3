"""The whole system, in which one process after the other is replaced by one that kills itself."""

import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from conf.settings import ROOT
from jobs import queues
from launch import ports
from simulator.audio import decode
from simulator.placing import place
from tests.crashes.births import Births, Born
from tests.crashes.points import QUEUES, Point
from tests.support.system import Installation, eventually, is_ready

LEASE_SECONDS, SWEEP_SECONDS = 2, 1
SMALL_TIMES = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "SWEEP_SECONDS": str(SWEEP_SECONDS),
    "ENQUEUE_COOLDOWN_SECONDS": "1",
    "RETRY_BASE_SECONDS": "1",
    "STUCK_SECONDS": "3",
}
DEMO = ROOT / "simulator" / "audio" / "demo_en.flac"
FIRST_SECOND, SECONDS = 2.0, 5.5
"""Of the demo's conversation: both speak, and tiny.en writes it down in a second."""

FIRES_WITHIN_SECONDS = 60
"""Two busy cores: the process starts, the call is placed, and its work comes to the point."""

PROGRAMS = {
    "web": ("tests.crashes.web",),
    **{queue: ("jobs.worker", queue) for queue in queues.QUEUES},
    "scheduler": ("scheduler",),
}
"""Those of conf/supervisord.conf; nobody starts them again but us."""

WORKERS = "rq:workers"
"""Where RQ's workers register."""


@dataclass(frozen=True)
class Fired:
    """Who died, and when."""

    point: str
    pid: int
    parent: int
    at: float


@dataclass(frozen=True)
class Kill:
    """A call, and what was killed while it worked on it."""

    call_sid: str
    fired: Fired


@dataclass(frozen=True)
class Armed:
    """A process that will kill itself, or a child of its own."""

    point: str
    marker: Path
    born: Born

    def fired(self) -> Fired:
        """Waits for it. The process that came to the point is the one that was killed, by SIGKILL."""
        assert self.born.wait(FIRES_WITHIN_SECONDS) == -signal.SIGKILL, self.born.last_words()
        fired = self._read()
        assert fired.pid == self.born.pid
        return fired

    def child_fired(self) -> Fired:
        """As above, of a server's worker process."""
        eventually(self.marker.exists, FIRES_WITHIN_SECONDS)
        eventually(self.marker.read_text)
        fired = self._read()
        assert fired.parent == self.born.pid
        eventually(lambda: f"Worker (pid:{fired.pid}) was sent SIGKILL" in self.born.log.read_text())
        return fired

    def _read(self) -> Fired:
        fired = read_marker(self.marker)
        assert fired.point == self.point
        return fired


@dataclass
class Bench:
    """All PROGRAMS run."""

    system: Installation
    births: Births
    phones: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    running: dict[str, Born] = field(init=False)

    def __post_init__(self) -> None:
        self.running = {program: self.births.start("", *command) for program, command in PROGRAMS.items()}
        eventually(lambda: is_ready(self.system.url))

    def call(self, *faults: str, seconds: float = SECONDS, speed: float = 60) -> "Future[str]":
        """Places a call; its CallSid is there when it is over."""
        wishes = {"to": self.system.owner.number, "fault": faults, "speed": speed}
        audio = self.system.folder / f"{seconds}.wav"
        audio.write_bytes(decode(DEMO.read_bytes()).cut(FIRST_SECOND, FIRST_SECOND + seconds).wav())
        return self.phones.submit(place, audio, wishes, self.system.folder / "simulator.json")

    @contextmanager
    def without(self, program: str) -> Iterator[None]:
        """Stop a process of the system, and start its like when the block ends."""
        self.running[program].stop()
        try:
            yield
        finally:
            self.running[program] = self.births.start("", *PROGRAMS[program])

    def unswept(self, point: Point) -> AbstractContextManager[None]:
        """No maintenance where something is to be enqueued: a sweep may be quicker than the one who has just committed,
        who then finds nothing to enqueue."""
        return self.without("maintenance") if point.seam == "enqueue" else nullcontext()

    @contextmanager
    def armed(self, point: Point | str, *command: str, **variables: str) -> Iterator[Armed]:
        """A process with that point armed; it is gone when the block ends."""
        marker = self.births.new_file()
        born = self.births.start(str(point), *command, CRASH_MARKER=str(marker), **variables)
        try:
            yield Armed(str(point), marker, born)
        finally:
            born.stop()

    @contextmanager
    def armed_web(self, point: Point | str, **variables: str) -> Iterator[tuple[Armed, str]]:
        """An armed web process, and its address: the phone company tells it of the owner's calls meanwhile."""
        url, known = _address()
        with self.armed(point, "tests.crashes.web", **known, **variables) as armed, self._told(url):
            yield armed, url

    @contextmanager
    def killed_web(self, point: Point, call: Callable[[str], str], **variables: str) -> Iterator[Kill]:
        """A call of which the web process at the given address is told, and which kills it there; the server starts
        the next one, and serves until the block ends."""
        with self.armed_web(point, **variables) as (web, url):
            with self.unswept(point):
                call_sid = call(url)
                fired = web.child_fired()
            yield Kill(call_sid, fired)

    @contextmanager
    def other_web(self, **variables: str) -> Iterator[None]:
        """A web process with other settings, which the phone company tells of the owner's calls meanwhile."""
        url, known = _address()
        born = self.births.start("", "tests.crashes.web", **known, **variables)
        try:
            with self._told(url):
                yield
        finally:
            born.stop()

    def put_number(self, url: str, **entry: Any) -> None:
        """Where the phone company asks what to do with a call to the owner."""
        book = {
            "voice_url": f"{url}/webhook/incoming_call",
            "voice_fallback_url": f"{url}/webhook/fallback",
            "status_callback": f"{url}/webhook/call_status",
            "status_callback_event": "initiated ringing answered completed",
        }
        listing = self.system.listing
        answer = httpx.put(
            f"{listing.url}/simulator/numbers/{self.system.owner.number}",
            json=book | entry,
            auth=(listing.account_sid, listing.auth_token),
        )
        assert answer.status_code == 204, answer.text

    def killed_worker(self, point: Point, call: Callable[[], "Future[str]"], *, is_live: bool = False) -> Kill:
        """A call whose worker of one stage is killed at the point; then an unarmed one takes over.

        The worker finds the call waiting; a live one is placed when the worker is ready for it.
        """
        queue = QUEUES[point.scope]
        with self.without(queue):
            placed = None if is_live else call()
            with self.armed(point, "jobs.worker", queue) as armed:
                if placed is None:
                    self._wait_for_worker(armed.born)
                    placed = call()
                fired = armed.fired()
        return Kill(placed.result(), fired)

    def close(self) -> None:
        """All at once: each takes its time."""
        list(self.phones.map(Born.stop, self.running.values()))
        self.phones.shutdown()

    def _wait_for_worker(self, born: Born) -> None:
        with Redis.from_url(self.births.environment["REDIS_URL"]) as redis:
            eventually(lambda: any(name.endswith(b"-%d" % born.pid) for name in redis.smembers(WORKERS)))

    @contextmanager
    def _told(self, url: str) -> Iterator[None]:
        eventually(lambda: _answers(url))
        self.put_number(url)
        try:
            yield
        finally:
            self.put_number(self.system.url)


def read_marker(marker: Path) -> Fired:
    return Fired(**json.loads(marker.read_text()))


def _address() -> tuple[str, dict[str, str]]:
    """A new one, and the variables that say so."""
    port = ports.any_free()
    url = f"http://127.0.0.1:{port}"
    return url, {"PORT": str(port), "PUBLIC_BASE_URL": url, "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{port}"}


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).is_success
    except httpx.TransportError:
        return False
