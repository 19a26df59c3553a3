"""The whole system as it runs in production: every process of conf/supervisord.conf, and the phone company."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil

from conf.settings import ROOT, Settings, environment, with_driver
from db.engine import Database, connect
from db.words import Role
from launch import ports, system
from simulator.account import Listing, read_listing
from tests.support.people import Person, make_person

T = TypeVar("T")

PATIENCE_SECONDS = 90
LOOK_EVERY_SECONDS = 0.1
STOP_SECONDS = 30
BUSY_SECONDS = 10
SECRET_KEY = "a-secret-for-tests"

SMALL_TIMES = {
    "SWEEP_SECONDS": "1",
    "LEASE_SECONDS": "5",
    "GRACE_SECONDS": "1",
    "RETRY_BASE_SECONDS": "1",
    "ENQUEUE_COOLDOWN_SECONDS": "2",
    "FROZEN_SECONDS": "3600",  # tests have processes stand still; one that is about who wakes them says so
}
"""So that a call's whole life takes seconds."""


def eventually(ask: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer that is not empty; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"it did not happen within {seconds:g} s"
        time.sleep(LOOK_EVERY_SECONDS)


@dataclass(frozen=True)
class Installation:
    """Where a system runs, and a person in it."""

    url: str
    folder: Path
    database: Database
    owner: Person

    @property
    def listing(self) -> Listing:
        found = read_listing(self.folder / "simulator.json")
        assert found
        return found

    def get(self, path: str) -> Any:
        """As a program asks that comes again when it is told that the database is too busy."""
        request = urllib.request.Request(f"{self.url}{path}", headers=self.owner.headers)
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
            time.sleep(LOOK_EVERY_SECONDS)

    def change(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """As a program asks for a change, once."""
        headers = self.owner.headers | {"Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def call(self, audio: Path, *options: str) -> str:
        """Place a call and wait until it is over; its CallSid."""
        placed = self.try_call(audio, *options)
        assert placed.returncode == 0, placed.stderr
        return placed.stdout.strip()

    def try_call(self, audio: Path, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "simulator", "call", "--state", str(self.folder / "simulator.json")]
        to = [] if "--to" in options else ["--to", self.owner.number]
        return subprocess.run(
            [*command, "--audio", str(audio), *to, *options], cwd=ROOT, capture_output=True, text=True
        )

    def known_to_phone_company(self, call_sid: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.listing.url}/simulator/calls", timeout=10) as answer:
            return next(call for call in json.load(answer) if call["call_sid"] == call_sid)

    def show(self, call_sid: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.get(f"/api/calls/{call_sid}")
        return shown

    def final(self, call_sid: str) -> dict[str, Any]:
        """The call once nothing more will happen to it."""

        def look() -> dict[str, Any] | None:
            shown = self.show(call_sid)
            ends = {"completed", "failed"}
            return shown if {shown["transcript_status"], shown["summary_status"]} <= ends else None

        return eventually(look)


@dataclass(frozen=True)
class System(Installation):
    """One that runs, under supervisord."""

    supervisor: psutil.Process

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def process(self, *words: str) -> psutil.Process:
        """The one whose command ends in these words."""

        def look() -> psutil.Process | None:
            for child in self.supervisor.children(recursive=True):
                if child.is_running() and tuple(child.cmdline()[-len(words) :]) == words:
                    return child
            return None

        return eventually(look)


@contextmanager
def running(
    folder: Path,
    database_url: str,
    redis_url: str,
    *,
    outbound_audio: Path | None = None,
    tick: int = 60,
    **variables: str,
) -> Iterator[System]:
    """Start everything with small times, and stop it when the block ends; `tick` is how often it is watched."""
    heard = ["--outbound-audio", str(outbound_audio)] if outbound_audio else []
    config = Settings(_env_file=None, grace_seconds=2)
    with (
        installed(folder, database_url, redis_url, *heard, **variables) as (here, known),
        system.processes(programs(folder, tick), config, folder / "log", **known) as supervisor,
    ):
        eventually(lambda: is_ready(here.url))
        yield System(here.url, folder, here.database, here.owner, psutil.Process(supervisor.pid))


@contextmanager
def installed(
    folder: Path, database_url: str, redis_url: str, *heard: str, **variables: str
) -> Iterator[tuple[Installation, Mapping[str, str]]]:
    """Everything that a system needs, and what its processes are to find in their environment; none runs yet.

    `heard` is for the phone company.
    """
    port = ports.any_free()
    url = f"http://127.0.0.1:{port}"
    database = Database(connect(with_driver(database_url), statement_seconds=5, application="tests"))
    owner = make_person(database, f"owner-{port}@example.com", f"+1415555{port % 10000:04d}", Role.MANAGER)
    with phone_company(folder, url, *heard) as listing:
        known = addresses(folder, url, database_url, redis_url, listing) | SMALL_TIMES | variables
        yield Installation(url, folder, database, owner), known
    database.engine.dispose()


def addresses(folder: Path, url: str, database_url: str, redis_url: str, company: Listing) -> dict[str, str]:
    """What every process is told of the others, in the names of the environment."""
    port = str(urlsplit(url).port)
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": port,
        "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{port}",
        "PUBLIC_BASE_URL": url,
        "SECRET_KEY": SECRET_KEY,
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "TWILIO_API_BASE_URL": company.url,
        "TWILIO_ACCOUNT_SID": company.account_sid,
        "TWILIO_AUTH_TOKEN": company.auth_token,
        "WHISPER_MODEL": "tiny.en",
    }


@contextmanager
def phone_company(folder: Path, customer: str, *options: str) -> Iterator[Listing]:
    """The simulated phone company as a process of its own."""
    state = folder / "simulator.json"
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--public-base-url", customer, *options]
    child = subprocess.Popen(
        [*command, "--state", str(state)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout
        assert "listens on" in child.stdout.readline()
        listing = read_listing(state)
        assert listing
        yield listing
    finally:
        child.terminate()
        child.communicate(timeout=STOP_SECONDS)


def programs(folder: Path, tick: int = 60) -> Path:
    """conf/supervisord.conf, with its own files in the test's folder instead of var/."""
    text = (ROOT / "conf" / "supervisord.conf").read_text().replace("TICK_60", f"TICK_{tick}")
    text = text.replace("%(here)s/../var", str(folder)).replace("%(here)s/..", str(ROOT))
    conf = folder / "supervisord.conf"
    conf.write_text(text)
    return conf


def is_ready(url: str) -> bool:
    """Whether the web process, and what it needs, answers."""
    try:
        return bool(urllib.request.urlopen(f"{url}/readyz", timeout=2).status == 200)
    except OSError:
        return False
