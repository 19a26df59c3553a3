"""conf/supervisord.conf for real: what is killed or frozen comes back, and stopping it all loses nothing."""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from conf.settings import ROOT
from db import migrate
from db.models import CallLog, Task
from db.words import Stage
from launch import embedded
from tests.full import callers
from tests.support import servers
from tests.support.servers import Server
from tests.support.system import System, eventually, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAMS = {
    *("second-zero:web", "second-zero:calls", "second-zero:recordings", "second-zero:transcripts"),
    *("second-zero:summaries", "second-zero:maintenance", "second-zero:scheduler", "watch"),
}
TICK = 5
FROZEN_SECONDS = 20
SEEN_SECONDS = FROZEN_SECONDS + 8 * TICK
"""Within so many a frozen process is killed: it is noticed at a tick, and the machine is busy."""

STOP_SECONDS = 30
"""The longest stopwaitsecs of all: nothing may have needed its SIGKILL."""

LONG_SECONDS = 480
"""Of speech: tiny.en reads it for longer than FROZEN_SECONDS."""

ONCE = {"downloaded": 1, "transcribed": 1, "summarized": 1}


@pytest.fixture(scope="module")
def own_servers(servers_folder: Path) -> Iterator[tuple[Server, Server]]:
    """A PostgreSQL and a Valkey that may be frozen."""
    folder = Path(tempfile.mkdtemp(prefix="supervised-", dir=servers_folder))
    folder.chmod(0o755)
    with (
        servers.own(embedded.postgres(folder / "postgres", durable=False)) as postgres,
        servers.own(embedded.valkey(folder / "valkey")) as valkey,
    ):
        migrate.migrate(postgres.url)
        yield postgres, valkey


@pytest.fixture(scope="module")
def supervised(own_servers: tuple[Server, Server], servers_folder: Path) -> Iterator[System]:
    postgres, valkey = own_servers
    folder = Path(tempfile.mkdtemp(prefix="supervised-", dir=servers_folder))
    wishes = {"FROZEN_SECONDS": str(FROZEN_SECONDS), "LEASE_SECONDS": "30", "STUCK_SECONDS": "3"}
    with running(folder, postgres.url, valkey.url, tick=TICK, **wishes) as system:
        yield system


@pytest.fixture(scope="module")
def long_audio(servers_folder: Path) -> Path:
    return callers.write_long_audio(servers_folder / "long.wav", LONG_SECONDS)


def supervisorctl(system: System, *words: str) -> str:
    command = [
        str(Path(sys.executable).parent / "supervisorctl"),
        "-c",
        str(system.folder / "supervisord.conf"),
        *words,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def states(system: System) -> dict[str, tuple[str, int]]:
    """State and process id, or 0, of every program."""
    found = {}
    for line in supervisorctl(system, "status").splitlines():
        name, state, *rest = line.split()
        found[name] = (state, int(rest[1].rstrip(",")) if state == "RUNNING" else 0)
    return found


def await_all_up(system: System) -> dict[str, int]:
    """The process ids once everything runs and answers."""
    eventually(lambda: {state for state, _ in states(system).values()} == {"RUNNING"})
    eventually(lambda: is_alive(system))
    return {name: pid for name, (_, pid) in states(system).items()}


def is_alive(system: System) -> bool:
    try:
        return bool(system.get("/readyz")["redis"] == "ok")
    except OSError:
        return False


def place(system: System, audio: Path, number: int, *faults: str) -> list[str]:
    return callers.place_many(system, audio, number, *faults)


def assert_finished_once(system: System, call_sids: list[str]) -> None:
    for call_sid in call_sids:
        call = system.final(call_sid)
        assert (call["summary_status"], call["outcome"]) == ("completed", None), call["last_error"]
        told = Counter(event["event"] for event in call["timeline"])
        assert {event: told[event] for event in ONCE} == ONCE, call_sid


def frozen_lines(system: System) -> list[str]:
    return [line for line in system.log.splitlines() if "PROCESS_FROZEN" in line]


def test_everything_is_up_and_what_is_killed_comes_back(supervised: System, short_audio: Path) -> None:
    pids = await_all_up(supervised)
    assert pids.keys() == PROGRAMS

    for pid in pids.values():
        psutil.Process(pid).kill()

    eventually(lambda: not any(psutil.pid_exists(pid) for pid in pids.values()))
    again = await_all_up(supervised)
    assert not set(again.values()) & set(pids.values())
    assert_finished_once(supervised, place(supervised, short_audio, 1))


def test_stopping_it_all_in_mid_work_keeps_its_times_and_loses_nothing(supervised: System, long_audio: Path) -> None:
    await_all_up(supervised)
    placed = place(supervised, long_audio, 1)
    eventually(lambda: Stage.TRANSCRIPT in claimed(supervised))
    placed += place(supervised, callers.SPEECH, 1, "media_stall")
    eventually(lambda: {Stage.TRANSCRIPT, Stage.DOWNLOAD} <= claimed(supervised))

    began = time.monotonic()
    supervisorctl(supervised, "stop", "all")
    took = time.monotonic() - began

    assert {state for state, _ in states(supervised).values()} == {"STOPPED"}
    assert took < STOP_SECONDS
    assert claimed(supervised) == set()
    assert attempts(supervised) == {0}
    supervisorctl(supervised, "start", "all")
    await_all_up(supervised)
    assert_finished_once(supervised, placed)


def claimed(system: System) -> set[str]:
    """The stages in which a worker holds a call."""
    with system.database.transaction() as session:
        return set(session.scalars(select(Task.stage).where(Task.claim.is_not(None))))


def attempts(system: System) -> set[int]:
    with system.database.transaction() as session:
        return set(session.scalars(select(Task.attempts).join(CallLog)))


def test_what_is_frozen_is_started_anew_and_its_call_is_finished(supervised: System) -> None:
    before = await_all_up(supervised)
    (call_sid,) = place(supervised, callers.SPEECH, 1)
    eventually(lambda: Stage.TRANSCRIPT in claimed(supervised))
    victims = {name: before[f"second-zero:{name}"] for name in ("transcripts", "calls", "scheduler", "web")}

    for pid in victims.values():
        freeze(psutil.Process(pid))

    eventually(lambda: not any(psutil.pid_exists(pid) for pid in victims.values()), SEEN_SECONDS)
    after = await_all_up(supervised)
    assert {name for name in PROGRAMS if after[name] != before[name]} == {f"second-zero:{name}" for name in victims}
    assert_finished_once(supervised, [call_sid])


def freeze(process: psutil.Process) -> None:
    """With its children: gunicorn's master does not answer by itself."""
    for one in (process, *process.children(recursive=True)):
        one.send_signal(signal.SIGSTOP)


def test_who_works_for_long_in_native_code_is_left_alone(supervised: System, long_audio: Path) -> None:
    before = await_all_up(supervised)
    told = len(frozen_lines(supervised))

    (call_sid,) = place(supervised, long_audio, 1)
    began = time.monotonic()

    assert_finished_once(supervised, [call_sid])
    assert time.monotonic() - began > FROZEN_SECONDS
    assert await_all_up(supervised) == before
    assert len(frozen_lines(supervised)) == told


def test_servers_that_stand_still_are_no_reason_to_start_anything_anew(
    supervised: System, own_servers: tuple[Server, Server]
) -> None:
    await_all_up(supervised)
    told = len(frozen_lines(supervised))

    for server in own_servers:
        with server.frozen():
            time.sleep(FROZEN_SECONDS + 2 * TICK)

    await_all_up(supervised)
    time.sleep(FROZEN_SECONDS + 2 * TICK)
    assert len(frozen_lines(supervised)) == told
