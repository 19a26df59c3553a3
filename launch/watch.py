"""Kills what is alive but not well, so that supervisord starts it anew: `python -m launch.watch`, run by supervisord.

Whoever is well leaves a mark now and then: workers and scheduler in Redis, the web process by answering. Only who has
left one before and then no new one for FROZEN_SECONDS, while we could have seen it, is killed: without Redis nobody
is judged by it, and neither is a worker that still loads its model.
"""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO
from uuid import uuid4
from xmlrpc.client import Fault

import httpx
from redis import Redis
from redis.exceptions import RedisError
from supervisor.childutils import EventListenerProtocol, getRPCInterface

from conf import logs, settings
from conf.logs import log_event
from conf.settings import Settings, environment
from jobs import marks
from jobs import redis as redis_connections
from jobs.queues import QUEUES
from launch.ports import LOOPBACK

log = logging.getLogger("launch.watch")

WEB = "web"
ANSWER_SECONDS = 3
WEB_SHARE = 2 / 3
"""Of FROZEN_SECONDS: callers wait for the web process."""

DEAF = "deaf"
LATE_TICKS = 3
"""Whoever looks so much later was frozen too, or the whole machine was."""

RUNNING = "RUNNING"


@dataclass(frozen=True)
class Process:
    """One that supervisord runs; `name` is supervisord's, `kind` a queue, scheduler or web."""

    name: str
    kind: str
    pid: int


@dataclass(frozen=True)
class Sighting:
    """A mark, and when it was seen for the first time."""

    mark: str
    at: float


class Watch:
    """Remembers who has left which mark when. Times are ours alone, so that no clock has to be right."""

    def __init__(self, frozen: float) -> None:
        self._frozen = frozen
        self._seen: dict[Process, Sighting] = {}
        self._looked_at: float | None = None

    def look(self, found: Mapping[Process, str | None], now: float, tick: float) -> dict[Process, float]:
        """Those that have left no new mark for too long, and for how many seconds; given whom we can see, and how
        often we look."""
        if self._looked_at is None or now - self._looked_at > LATE_TICKS * tick:
            self._seen = {}  # we were not there ourselves
        self._looked_at = now
        before = {process: sighting for process, sighting in self._seen.items() if process in found}
        fresh = {
            process: Sighting(mark, now)
            for process, mark in found.items()
            if mark and (process not in before or before[process].mark != mark)
        }
        self._seen = before | fresh
        silent = {process: now - sighting.at for process, sighting in self._seen.items()}
        return {process: seconds for process, seconds in silent.items() if seconds >= self._longest(process)}

    def _longest(self, process: Process) -> float:
        return self._frozen * WEB_SHARE if process.kind == WEB else self._frozen


def main() -> None:
    """Look at every tick, until told to stop."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what goes to a listener's output is for supervisord alone
    config = settings.load()
    logs.configure(config.log_level)
    client = redis_connections.patient(config)
    supervisor = getRPCInterface(environment()).supervisor
    watch = Watch(config.frozen_seconds)
    for tick in ticks(answers):
        found = marks_of(running(supervisor), client, config)
        for process, silent in watch.look(found, time.monotonic(), tick).items():
            log_event(log, logging.ERROR, "PROCESS_FROZEN", process=process.name, pid=process.pid, silent=silent)
            _kill(supervisor, process)


def ticks(answers: TextIO) -> Iterator[float]:
    """One for each of supervisord's, with the seconds between them. It is answered before we look: none waits for
    another."""
    listener = EventListenerProtocol()
    while True:
        headers, _ = listener.wait(sys.stdin, answers)
        listener.ok(answers)
        yield float(headers["eventname"].removeprefix("TICK_"))


def running(supervisor: Any) -> Iterator[Process]:
    """Those that have left a second of life behind them, and are ours to judge."""
    for info in supervisor.getAllProcessInfo():
        kind = info["name"].partition("-")[0]
        if info["statename"] == RUNNING and kind in (WEB, marks.SCHEDULER, *QUEUES):
            yield Process(f"{info['group']}:{info['name']}", kind, info["pid"])


def marks_of(processes: Iterable[Process], redis: Redis, config: Settings) -> dict[Process, str | None]:
    """The newest mark of each process; those are left out that can't be seen at the moment."""
    there = list(processes)
    found = {process: _answer(config.port) for process in there if process.kind == WEB}
    others = [process for process in there if process.kind != WEB]
    try:
        return found | {process: marks.read(redis, process.kind, process.pid) for process in others}
    except RedisError:
        return found


def _answer(port: int) -> str | None:
    """Another mark each time; the same where it listens and says nothing; none while nobody listens yet."""
    try:
        answer = httpx.get(f"http://{LOOPBACK}:{port}/healthz", timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.ConnectError:
        return None
    except httpx.HTTPError:
        return DEAF
    return uuid4().hex if answer.is_success else DEAF


def _kill(supervisor: Any, process: Process) -> None:
    try:
        supervisor.signalProcess(process.name, "KILL")
    except Fault as fault:
        log_event(log, logging.INFO, "NOT_KILLED", process=process.name, reason=fault.faultCode)  # it has ended itself


if __name__ == "__main__":
    main()
