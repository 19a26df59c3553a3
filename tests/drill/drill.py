"""One storm from its start to the evidence of what came of it."""

import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from redis import Redis

from conf.settings import VAR
from tests.drill import callers, house, storm
from tests.drill.aftermath import wait_until_final
from tests.drill.callers import Exchange
from tests.drill.clock import StormClock
from tests.drill.evidence import Evidence, witnesses_of
from tests.drill.findings import Finding
from tests.drill.house import House
from tests.drill.kinds import KINDS, QUEUE_OF_KIND
from tests.drill.prying import Prying
from tests.drill.storm import CALLS_OF_A_FULL_STORM, FLUSH, FLUSHES, KILL, KILLS, STOP, STOPS, Storm

FAULTY_SHARE = 0.05

SHORTEST_STORM_SECONDS = 30.0
SECONDS_A_CALL = 0.8
"""So many calls as two cores that also start killed processes again can transcribe meanwhile."""

SETTLE_SECONDS = 300.0
LEAST_RECORDED_SHARE = 0.5
"""The others are not answered, or come while nobody is there to say what shall be done with them."""

ENOUGH_KILLS = 60
"""Of a full storm."""

ERROR_ANSWERS, REDIS = "error answers", "what Redis held"
"""Beside the logs, where nothing may be told."""

CALLING_QUEUES = [queue for queue in QUEUE_OF_KIND.values() if queue != "maintenance"]

Say = Callable[[str], None]


@dataclass
class Drill:
    """`say` gets a line for everything that is done; the folder keeps log, database, storage and that story."""

    calls: int
    seed: int
    say: Say
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = VAR / "drill" / f"seed-{self.seed}"

    @contextmanager
    def stormed(self) -> Iterator[Evidence]:
        """The evidence, while everybody who can be asked is still there."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with house.running(self.folder, faulty=FAULTY_SHARE, seed=self.seed) as home:
            self.say("the system is up")
            yield self._weather(home)

    def _weather(self, home: House) -> Evidence:
        length = max(SHORTEST_STORM_SECONDS, self.calls * SECONDS_A_CALL)
        exchange, stop = Exchange(home.company), threading.Event()
        exchange.announce_numbers(home.numbers)
        cast = callers.cast(self.calls, length, home.numbers, self.seed)
        with StormClock(home.web) as clock, Prying(home) as prying, ThreadPoolExecutor(1) as pool:
            raging = Storm(home, clock, stop, self._tell_story)
            try:
                calling = pool.submit(exchange.place_all, cast, clock, stop)
                raging.rage(storm.plan(self.calls, length, self.seed))
                calling.result()
            finally:
                stop.set()
        return self._gather(home, exchange, raging, prying)

    def _gather(self, home: House, exchange: Exchange, raging: Storm, prying: Prying) -> Evidence:
        self.say(f"the storm is over: {raging.count(KILL).total()} kills; waiting until all calls are final")
        begin = time.monotonic()
        witnesses = witnesses_of(home)
        left = wait_until_final(witnesses, SETTLE_SECONDS, self._tell_story)
        self.say(f"waited {time.monotonic() - begin:.0f} s; {len(left)} left open")
        self._keep("calls.json", witnesses.calls())
        self._keep("recordings.json", witnesses.recordings())
        self._keep("callers.json", {sid: asdict(caller) for sid, caller in exchange.placed.items()})
        told = {ERROR_ANSWERS: "\n".join(prying.answers), REDIS: "\n".join(prying.kept)}
        told |= {name: path.read_text(errors="replace") for name, path in home.logs.items()}
        return Evidence(witnesses, exchange.placed, raging.hits, left, _queued(home), told, home.secrets)

    def _keep(self, name: str, what: object) -> None:
        """For whoever studies the storm when the phone company is gone."""
        (self.folder / name).write_text(json.dumps(what, indent=1))

    def _tell_story(self, line: str) -> None:
        with (self.folder / "story").open("a") as file:
            file.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")


def storm_was_whole(evidence: Evidence, calls: int) -> Finding:
    """A storm that missed a kind of process, or had too little of anything, shows nothing."""
    kills = _done(evidence, KILL)
    share = min(1.0, calls / CALLS_OF_A_FULL_STORM)
    broken = [f"no {kind} was killed" for kind in KINDS if not kills[kind]]
    for deed, wanted in ((KILL, ENOUGH_KILLS), (FLUSH, FLUSHES), (STOP, STOPS)):
        done, least = _done(evidence, deed).total(), max(1, int(wanted * share))
        broken += [f"{done} of {least}: {deed}"] if done < least else []
    recorded = sum(bool(call["recordings"]) for call in evidence.known.values())
    broken += [f"only {recorded} calls were recorded at all"] if recorded < calls * LEAST_RECORDED_SHARE else []
    return Finding("", f"every kind killed, {KILLS} kills planned for a full storm", kills.total(), broken)


def _done(evidence: Evidence, deed: str) -> Counter[str]:
    return Counter(hit.target for hit in evidence.hits if hit.deed == deed)


def _queued(home: House) -> dict[str, int]:
    client = Redis.from_url(home.valkey.url, socket_timeout=5)
    lengths = {queue: int(client.llen(f"rq:queue:{queue}")) for queue in CALLING_QUEUES}
    client.close()
    return lengths
