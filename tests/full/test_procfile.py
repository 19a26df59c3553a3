"""The Procfile under Heroku's rules: its variables and Redis, no disk, a minute to bind PORT, half a minute to stop."""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select

from conf.settings import ROOT, environment, with_driver
from db.engine import Database, connect
from db.models import Task
from db.words import Role
from jobs import redis as redis_connections
from launch import embedded, ports
from simulator.account import Listing
from tests.conftest import execute
from tests.full import callers
from tests.support.certificates import self_signed
from tests.support.object_store import s3_server
from tests.support.people import Person, make_person
from tests.support.relay import relay
from tests.support.system import SECRET_KEY, SMALL_TIMES, System, eventually, is_ready, phone_company

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

BIND_SECONDS = 60
STOP_SECONDS = 30
GRACE_SECONDS = 10
LONG_SECONDS = 480
"""Of speech, which tiny.en reads for longer than the grace."""

RELEASE = "python -m db.migrate"
ONCE = {"downloaded": 1, "transcribed": 1, "summarized": 1}


@dataclass(frozen=True)
class App:
    """What Heroku gives its dynos, and what its owner has set."""

    folder: Path
    variables: dict[str, str]
    company: Listing

    @property
    def url(self) -> str:
        return self.variables["PUBLIC_BASE_URL"]


@pytest.fixture(scope="module")
def app(servers_folder: Path, postgres_url: str) -> Iterator[App]:
    folder = Path(tempfile.mkdtemp(prefix="heroku-", dir=servers_folder))
    port = ports.any_free()
    url = f"http://127.0.0.1:{port}"
    execute(postgres_url, "CREATE DATABASE heroku")
    socket = Path(parse_qs(urlsplit(postgres_url).query)["host"][0]) / ".s.PGSQL.5432"
    with (
        embedded.valkey(folder / "valkey") as redis_url,
        relay(str(socket)) as postgres_port,
        relay(("127.0.0.1", urlsplit(redis_url).port or 0), tls=self_signed(folder)) as redis_port,
        s3_server() as store,
        phone_company(folder, url) as company,
    ):
        heroku = {
            "DYNO": "web.1",
            "PORT": str(port),
            "WEB_CONCURRENCY": "2",
            "DATABASE_URL": f"postgres://postgres:@127.0.0.1:{postgres_port}/heroku",
            "REDIS_URL": f"rediss://:{urlsplit(redis_url).password}@127.0.0.1:{redis_port}/0",
        }
        owners = {
            "REDIS_TLS_VERIFY": "0",
            "PUBLIC_BASE_URL": url,
            "SECRET_KEY": SECRET_KEY,
            "STORAGE_URL": "s3://calls/recordings",
            "AWS_ENDPOINT_URL": store.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "a-key",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
            "TWILIO_API_BASE_URL": company.url,
            "TWILIO_ACCOUNT_SID": company.account_sid,
            "TWILIO_AUTH_TOKEN": company.auth_token,
            "WHISPER_MODEL": "tiny.en",
        }
        yield App(folder, heroku | owners | SMALL_TIMES | {"GRACE_SECONDS": str(GRACE_SECONDS)}, company)
    execute(postgres_url, "DROP DATABASE heroku WITH (FORCE)")


@pytest.fixture(scope="module")
def released(app: App) -> App:
    """Its release phase has run, on an empty database."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert lines["release"] == RELEASE
    ran = honcho(app, "run", *RELEASE.split())
    assert ran.wait(BIND_SECONDS) == 0, log_of(app)
    assert "MIGRATION_APPLIED" in log_of(app)
    return app


def honcho(app: App, *words: str) -> "subprocess.Popen[bytes]":
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    with (app.folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.full.dynos", *words],
            cwd=ROOT,
            env=environment(PATH=path, **app.variables),
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def log_of(app: App) -> str:
    return (app.folder / "log").read_text()


@contextmanager
def booted(app: App, known: Database, owner: Person) -> Iterator[System]:
    """Every process of the Procfile but the release, until the block ends."""
    names = [line.partition(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    manager = honcho(app, "start", *(name for name in names if name != "release"))
    try:
        began = time.monotonic()
        eventually(lambda: is_ready(app.url), BIND_SECONDS)
        assert time.monotonic() - began < BIND_SECONDS
        yield System(app.url, app.folder, known, owner, psutil.Process(manager.pid))
    finally:
        manager.send_signal(signal.SIGTERM)
        manager.wait(STOP_SECONDS + 10)


@pytest.fixture(scope="module")
def known(released: App) -> Iterator[Database]:
    database = Database(
        connect(with_driver(released.variables["DATABASE_URL"]), statement_seconds=5, application="tests")
    )
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def owner(known: Database) -> Person:
    return make_person(known, "owner@example.com", "+14155550101", Role.MANAGER)


def test_a_redis_with_a_certificate_of_its_own_is_refused_unless_it_is_said_to_be_right(app: App) -> None:
    url = app.variables["REDIS_URL"]

    with pytest.raises(RedisConnectionError, match="certificate verify failed"):
        redis_connections.connect(url, timeout=5).ping()
    assert redis_connections.connect(url, tls_verify=False, timeout=5).ping()


@pytest.mark.parametrize("deaf", [(), ("transcripts",)], ids=["all hear SIGTERM", "one is killed after 30 s"])
def test_dynos_that_are_stopped_in_mid_work_lose_nothing(
    deaf: Sequence[str], released: App, known: Database, owner: Person, tmp_path: Path
) -> None:
    with booted(released, known, owner) as system:
        placed = calls_in_mid_work(system, tmp_path)
        for queue in deaf:
            system.process("jobs.worker", queue).send_signal(signal.SIGSTOP)
        took = stop(system.supervisor)
        if not deaf:
            assert took < STOP_SECONDS, "SIGTERM was enough"
            assert claims(known) == set()
            assert {attempts for _, attempts in open_tasks(known)} == {0}
        else:
            assert took >= STOP_SECONDS
    with booted(released, known, owner) as system:
        for call_sid in placed:
            call = system.final(call_sid)
            assert (call["summary_status"], call["outcome"]) == ("completed", None), call["last_error"]
            told = Counter(event["event"] for event in call["timeline"])
            assert {event: told[event] for event in ONCE} == ONCE
            assert downloads(system, call_sid) <= 1 + len(deaf)


def calls_in_mid_work(system: System, folder: Path) -> list[str]:
    """A call whose download has stalled, and one that is being transcribed for longer than the grace."""
    long = callers.write_long_audio(folder / "long.wav", LONG_SECONDS)
    placed = callers.place_many(system, long, 1)
    eventually(lambda: "transcript" in claims(system.database))
    placed += callers.place_many(system, callers.SPEECH, 1, "media_stall")
    eventually(lambda: {"transcript", "download"} <= claims(system.database))
    return placed


def stop(manager: psutil.Process) -> float:
    """Seconds until the last process was gone after SIGTERM to all of them."""
    family = manager.children(recursive=True)
    began = time.monotonic()
    manager.send_signal(signal.SIGTERM)
    psutil.wait_procs(family, STOP_SECONDS + 10)
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    return time.monotonic() - began


def claims(database: Database) -> set[str]:
    """The stages in which a worker holds a call."""
    with database.transaction() as session:
        return set(session.scalars(select(Task.stage).where(Task.claim.is_not(None))))


def open_tasks(database: Database) -> list[tuple[str, int]]:
    with database.transaction() as session:
        return [(stage, attempts) for stage, attempts in session.execute(select(Task.stage, Task.attempts))]


def downloads(system: System, call_sid: str) -> int:
    """Whole ones, as the phone company counts them."""
    return sum(one["media_downloads"] for one in system.known_to_phone_company(call_sid)["recordings"])
