"""What is done to the system, and when: a plan drawn from a seed, and those who carry it out."""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil
from sqlalchemy import text

from db import patience
from db.engine import OUTAGES
from tests.drill.clock import StormClock
from tests.drill.house import LEASE_SECONDS, House
from tests.drill.kinds import CLAIMING, KINDS, MASTER, alive
from tests.support.servers import standing_still

CALLS_OF_A_FULL_STORM = 300
KILLS, FLUSHES, STOPS = 64, 5, 3
"""Of a full storm; the first is a multiple of the kinds, and a few more than asked for."""

WORKER_FREEZES, POSTGRES_FREEZES, VALKEY_FREEZES = 6, 3, 3

KILL, FREEZE, FLUSH, STOP = "SIGKILL", "SIGSTOP", "FLUSHALL", "immediate stop"
POSTGRES, VALKEY = "PostgreSQL", "Valkey"

AIMED_SHARE = 0.75
"""Of the kills of workers that hold calls: mostly one is waited for that does so at the moment."""

AIM_SECONDS = 5.0
FIND_SECONDS = 15.0
"""A process that was killed a moment ago may take so long to be there again."""

LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Stroke:
    """One thing to do, `at` seconds into the storm; it lasts `seconds`. An aimed one wants a victim with a call."""

    at: float
    deed: str
    target: str
    seconds: float = 0.0
    is_aimed: bool = False


@dataclass(frozen=True)
class Hit:
    """A stroke that was carried out, on the process `pid`."""

    deed: str
    target: str
    began: datetime
    ended: datetime
    pid: int = 0


def plan(calls: int, length: float, seed: int) -> Sequence[Stroke]:
    """The strokes of a seed, in their order. A smaller storm has fewer, but each kind of process is killed in it."""
    chance = random.Random(f"storm {seed}")
    share = calls / CALLS_OF_A_FULL_STORM

    def moments(full: float) -> Sequence[float]:
        """Spread over the storm, each anywhere within its own part of it: the next comes after a recovery."""
        count = max(1, round(full * share))
        return [(number + chance.random()) * length / count for number in range(count)]

    strokes = [_kill(chance, kind, at) for kind in KINDS for at in moments(KILLS / len(KINDS))]
    strokes += [_freeze(chance, at) for at in moments(WORKER_FREEZES)]
    strokes += [Stroke(at, FLUSH, VALKEY) for at in moments(FLUSHES)]
    strokes += [Stroke(at, STOP, POSTGRES, chance.uniform(2, 5)) for at in moments(STOPS)]
    strokes += [Stroke(at, FREEZE, POSTGRES, chance.uniform(2, 4)) for at in moments(POSTGRES_FREEZES)]
    strokes += [Stroke(at, FREEZE, VALKEY, chance.uniform(2, 4)) for at in moments(VALKEY_FREEZES)]
    return sorted(strokes, key=lambda stroke: stroke.at)


def _kill(chance: random.Random, kind: str, at: float) -> Stroke:
    return Stroke(at, KILL, kind, is_aimed=kind in CLAIMING and chance.random() < AIMED_SHARE)


def _freeze(chance: random.Random, at: float) -> Stroke:
    """Mostly longer than a lease, so that somebody else has the call when it wakes up."""
    kind = chance.choice([kind for kind in KINDS if kind != MASTER])
    return Stroke(at, FREEZE, kind, chance.uniform(LEASE_SECONDS / 2, 2 * LEASE_SECONDS), kind in CLAIMING)


@dataclass
class Storm:
    """Carries strokes out: those on servers in the thread that calls, one after the other, the others beside it."""

    house: House
    clock: StormClock
    stop: threading.Event
    say: Callable[[str], None]
    hits: list[Hit] = field(default_factory=list)
    missed: list[Stroke] = field(default_factory=list)

    def rage(self, strokes: Sequence[Stroke]) -> None:
        on_servers = [stroke for stroke in strokes if stroke.target in (POSTGRES, VALKEY)]
        kills = [stroke for stroke in strokes if stroke.deed == KILL]
        freezes = [stroke for stroke in strokes if stroke not in on_servers and stroke not in kills]
        with ThreadPoolExecutor(2) as pool:
            others = [pool.submit(self._carry_out, row) for row in (kills, freezes)]
            try:
                self._carry_out(on_servers)
            except BaseException:
                self.stop.set()
                raise
        for other in others:
            other.result()

    def count(self, deed: str) -> Counter[str]:
        """How often it was done, by target."""
        return Counter(hit.target for hit in self.hits if hit.deed == deed)

    def _carry_out(self, strokes: Sequence[Stroke]) -> None:
        for stroke in strokes:
            if not self.clock.wait_for(stroke.at, self.stop):
                return
            self._strike(stroke)

    def _strike(self, stroke: Stroke) -> None:
        if stroke.target in (POSTGRES, VALKEY):
            began = datetime.now(UTC)
            self._trouble_server(stroke)
            self._note(Hit(stroke.deed, stroke.target, began, datetime.now(UTC)))
            return
        victim = self._aim(stroke)
        if victim is None:
            self.missed.append(stroke)
            return
        began = datetime.now(UTC)
        if stroke.deed == KILL:
            victim.kill()
        else:
            with standing_still([victim]):
                self.stop.wait(stroke.seconds)
        self._note(Hit(stroke.deed, stroke.target, began, datetime.now(UTC), victim.pid))

    def _trouble_server(self, stroke: Stroke) -> None:
        if stroke.deed == STOP:
            self.house.postgres.stop_immediately(stroke.seconds)
        elif stroke.deed == FLUSH:
            self.house.valkey.flush()
        else:
            server = self.house.postgres if stroke.target == POSTGRES else self.house.valkey
            with server.frozen():
                self.stop.wait(stroke.seconds)

    def _note(self, hit: Hit) -> None:
        self.hits.append(hit)
        self.say(f"{hit.deed} {hit.target} {hit.pid or ''} from {hit.began:%H:%M:%S} on")

    def _aim(self, stroke: Stroke) -> psutil.Process | None:
        """A process of the kind; an aimed stroke waits a little for one that holds a call, and takes any in the end."""
        chance = random.Random(stroke.at)
        deadline = time.monotonic() + FIND_SECONDS
        aim_until = time.monotonic() + (AIM_SECONDS if stroke.is_aimed else 0)
        while time.monotonic() < deadline and not self.stop.is_set():
            there = alive(self.house.supervisor, stroke.target)
            victim = chance.choice(list(there)) if there else None
            if victim and (time.monotonic() >= aim_until or self._is_caught_at_work(victim)):
                return victim
            time.sleep(LOOK_EVERY_SECONDS)
        return None

    def _is_caught_at_work(self, victim: psutil.Process) -> bool:
        """Looked at while it stands still, for some work is over sooner than it can be hit; else it goes on."""
        with suppress(psutil.NoSuchProcess):
            victim.suspend()
            if victim.pid in self._at_work():
                return True
            victim.resume()
        return False

    def _at_work(self) -> set[int]:
        """Process ids of the workers that hold a call; nobody while PostgreSQL does not answer."""
        names: list[str] = []
        with suppress(*OUTAGES), patience.within(1), self.house.database.transaction() as session:
            names = list(session.scalars(text("SELECT worker FROM task WHERE worker LIKE :here"), _HERE))
        return {int(name.rpartition("-")[2]) for name in names}


_HERE = {"here": f"%-{socket.gethostname()}-%"}
