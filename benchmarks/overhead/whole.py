"""The whole system as it runs in production, and what each of its processes takes for a call."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import select

from benchmarks.overhead.line import await_workers, hints
from benchmarks.overhead.stopwatch import cpu_seconds
from conf.settings import ROOT, Settings
from db.events import Event
from db.models import CallEvent
from jobs.queues import QUEUES
from tests.support.servers import Server
from tests.support.system import SMALL_TIMES, System, eventually, running

AUDIO = ROOT / "simulator" / "audio" / "demo_en.flac"
TRANSCRIPTS = "transcripts"
COMMANDS = {"web": ("web.wsgi",), **{queue: ("jobs.worker", queue) for queue in QUEUES}, "scheduler": ("scheduler",)}

OPERATORS_TIMES = {name: f"{Settings.model_fields[name.lower()].default:g}" for name in SMALL_TIMES}
"""Not those of the tests, in which sweeps come every second."""

AFTERWARDS_SECONDS = 0.5
"""Until the last worker has settled the call with PostgreSQL, and its job with RQ."""


@dataclass(frozen=True)
class Stretch:
    """Some seconds of the system's life, and the CPU seconds of each process in them."""

    seconds: float
    cpu: Mapping[str, float]

    def beyond(self, idle: "Stretch") -> dict[str, float]:
        """CPU seconds of each process that it would not have taken with nothing to do."""
        return {name: spent - idle.cpu[name] * self.seconds / idle.seconds for name, spent in self.cpu.items()}


@dataclass(frozen=True)
class Whole:
    """A running system whose workers are all ready, and its processes by name."""

    system: System
    processes: Mapping[str, psutil.Process]

    def idle(self, seconds: float) -> Stretch:
        """A stretch in which nothing happens."""
        return self._stretch(lambda: time.sleep(seconds))

    def call(self) -> Stretch:
        """Put a call through, from the first webhook to the summary."""
        return self._stretch(self._put_through)

    @property
    def recording(self) -> Path:
        """Any that was downloaded: all calls have the same sound."""
        return next((self.system.folder / "recordings").rglob("*.wav"))

    @property
    def hints(self) -> list[str]:
        return hints(self.system.database, self.system.owner.business_id)

    def transcript_seconds(self) -> list[float]:
        """Of each call, in their order: from its file's arrival to its transcript."""
        with self.system.database.transaction() as session:
            downloaded, transcribed = (
                session.scalars(select(CallEvent.at).where(CallEvent.event == event).order_by(CallEvent.call_id)).all()
                for event in (Event.DOWNLOADED, Event.TRANSCRIBED)
            )
        return [(end - begin).total_seconds() for begin, end in zip(downloaded, transcribed, strict=True)]

    def _put_through(self) -> None:
        """Its end is read from the log: whoever asked PostgreSQL or the web for it would be measured too."""
        call_sid = self.system.call(AUDIO)
        eventually(lambda: f"SUMMARY_DONE call_sid={call_sid}" in self.system.log)
        time.sleep(AFTERWARDS_SECONDS)

    def _stretch(self, act: Callable[[], None]) -> Stretch:
        begun, before = time.monotonic(), self._spent()
        act()
        after = self._spent()
        return Stretch(time.monotonic() - begun, {name: after[name] - before[name] for name in after})

    def _spent(self) -> dict[str, float]:
        return {name: cpu_seconds(process) for name, process in self.processes.items()}


@contextmanager
def whole_system(folder: Path, postgres: Server, valkey: Server) -> Iterator[Whole]:
    """Start everything with an operator's times, and stop it when the block ends."""
    with running(folder, postgres.url, valkey.url, **OPERATORS_TIMES) as system:
        processes = {name: system.process(*command) for name, command in COMMANDS.items()}
        for queue in QUEUES:
            await_workers(valkey.url, queue, 1)
        yield Whole(system, processes | {"PostgreSQL": postgres.process, "Valkey": valkey.process})
