"""`python -m benchmarks.overhead [--rounds 5] [--calls 3] [--idle 60]` prints the tables."""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overhead import tables
from benchmarks.overhead.bare import BareTranscriber, Spent, bare_transcriber
from benchmarks.overhead.line import WORKER, working_line
from benchmarks.overhead.watched import TRANSCRIBER, WATCHED, parts_a_job
from benchmarks.overhead.whole import Whole, whole_system
from db import migrate
from launch import embedded
from tests.support import servers
from tests.support.servers import Server

FIRST_CALLS = 3
CALLS_SIDE_BY_SIDE = 12
"""Even, and enough for the wait for the last of them not to count."""


@dataclass(frozen=True)
class House:
    """A folder, and servers, for everything that is measured."""

    folder: Path
    postgres: Server
    valkey: Server

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=3, help="in each round")
    parser.add_argument("--idle", type=int, default=60, help="seconds: all sweeps but one come within a minute")
    options = parser.parse_args()
    print(f"the demo's call, tiny.en, int8, one thread a process; load of the machine before: {os.getloadavg()[0]:.1f}")
    with _house() as house:
        with whole_system(house.folder, house.postgres, house.valkey) as whole:
            recording = _measure_calls(whole, options.rounds, options.calls, options.idle)
        _measure_parts(house, recording, options.rounds * options.calls)
        _measure_side_by_side(house, recording, options.rounds)


@contextmanager
def _house() -> Iterator[House]:
    with (
        tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as name,
        servers.own(embedded.postgres(Path(name) / "postgres")) as postgres,
        servers.own(embedded.valkey(Path(name) / "valkey")) as valkey,
    ):
        migrate.migrate(postgres.url)
        yield House(Path(name), postgres, valkey)


def _measure_calls(whole: Whole, rounds: int, calls: int, idle_seconds: int) -> Path:
    """The transcriber alone and the whole system in turn; gives the recording that both have transcribed."""
    first = [whole.call() for _ in range(FIRST_CALLS)]
    waited = whole.transcript_seconds()
    with bare_transcriber(whole.recording, whole.hints) as bare:
        tables.print_first(first, waited, bare.load)
        bare.transcribe(1)
        idle = whole.idle(idle_seconds)
        measured = [[(bare.transcribe(1), whole.call()) for _ in range(calls)] for _ in range(rounds)]
    tables.print_overhead(measured)
    tables.print_processes(measured, idle)
    return whole.recording


def _measure_parts(house: House, recording: Path, calls: int) -> None:
    file = house.folder / "parts"
    watched = (*WATCHED, str(file))
    with working_line(house.postgres, house.valkey, house.recordings, recording, watched) as line:
        line.work_off(calls + 2)  # the first is slower, and the last does not tell what it took
    parts = parts_a_job(file.read_text())
    tables.print_shares("a job, seen from inside", parts, of=TRANSCRIBER)


def _measure_side_by_side(house: House, recording: Path, rounds: int) -> None:
    with (
        working_line(house.postgres, house.valkey, house.recordings, recording, WORKER, WORKER) as line,
        bare_transcriber(recording, line.hints) as one,
        bare_transcriber(recording, line.hints) as other,
    ):
        queued, loops = [], []
        for _ in range(1 + rounds):
            loops.append(_loop((one, other), CALLS_SIDE_BY_SIDE))
            queued.append(line.work_off(CALLS_SIDE_BY_SIDE))
    tables.print_side_by_side(CALLS_SIDE_BY_SIDE, queued[1:], loops[1:])  # the first is to get warm


def _loop(transcribers: Sequence[BareTranscriber], calls: int) -> Spent:
    for bare in transcribers:
        bare.begin(calls // len(transcribers))
    spent = [bare.take() for bare in transcribers]
    return Spent(sum(one.cpu for one in spent), max(one.seconds for one in spent))


if __name__ == "__main__":
    main()
