"""Everything the drill needs, started: servers, phone company, and the processes of conf/supervisord.conf."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2

from conf.settings import ROOT, Settings, environment, with_driver
from db import migrate
from db.engine import Database, connect
from db.words import Role
from launch import ports, system
from simulator.account import Listing, read_listing
from tests.drill import servers
from tests.drill.servers import Postgres, Valkey
from tests.support.people import make_person

START_SECONDS = 90
LOOK_EVERY_SECONDS = 0.1
SECRET_KEY = "the-drills-own-secret"

BUSINESSES = 4
SLOTS = 2
SWEEP_SECONDS = 1
LEASE_SECONDS = 6
COOLDOWN_SECONDS = 2
RETRY_BASE_SECONDS = 1
RETRY_MAX_SECONDS = 5
STUCK_SECONDS = 10
MAX_ATTEMPTS = 10
"""A hundred times the everyday rate of kills, with media faults and refusals on top: the everyday 5 would be used up
by bad luck alone on one call in two hundred."""

CREWS = {"recordings": 3, "transcripts": 2}
"""More workers than a business has slots, so that slots have something to hold back."""

TIMES = {
    "SWEEP_SECONDS": SWEEP_SECONDS,
    "LEASE_SECONDS": LEASE_SECONDS,
    "GRACE_SECONDS": 1,
    "ENQUEUE_COOLDOWN_SECONDS": COOLDOWN_SECONDS,
    "RETRY_BASE_SECONDS": RETRY_BASE_SECONDS,
    "RETRY_MAX_SECONDS": RETRY_MAX_SECONDS,
    "STUCK_SECONDS": STUCK_SECONDS,
    "MAX_ATTEMPTS": MAX_ATTEMPTS,
    "BUSINESS_SLOTS": SLOTS,
}


@dataclass(frozen=True)
class House:
    """The running system, and the numbers its businesses are called at."""

    folder: Path
    postgres: Postgres
    valkey: Valkey
    company: Listing
    database: Database
    supervisor: psutil.Process
    web: str
    numbers: Sequence[str]

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def secrets(self) -> Sequence[str]:
        return (self.company.auth_token, str(urlsplit(self.valkey.url).password), SECRET_KEY, str(self.recordings))


@contextmanager
def running(folder: Path, *, faulty: float, seed: int) -> Iterator[House]:
    """Start it all in an empty folder, and stop it when the block ends."""
    web = f"http://127.0.0.1:{ports.any_free()}"
    with (
        servers.postgres(folder / "postgres") as postgres,
        servers.valkey(folder / "valkey") as valkey,
        _phone_company(folder, web, faulty, seed) as company,
    ):
        migrate.migrate(postgres.url)
        _install_witness(postgres.url)
        database = Database(connect(with_driver(postgres.url), statement_seconds=5, application="drill"))
        numbers = [_open_business(database, number) for number in range(BUSINESSES)]
        known = _variables(folder, web, postgres.url, valkey.url, company)
        config = Settings(_env_file=None, grace_seconds=1)
        with system.processes(_programs(folder), config, folder / "log", **known) as supervisor:
            _wait_until_ready(web)
            yield House(folder, postgres, valkey, company, database, psutil.Process(supervisor.pid), web, numbers)
        database.engine.dispose()


@contextmanager
def _phone_company(folder: Path, customer: str, faulty: float, seed: int) -> Iterator[Listing]:
    state = folder / "simulator.json"
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--public-base-url", customer]
    command += ["--state", str(state), "--faulty", str(faulty), "--seed", str(seed)]
    child = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert "listens on" in child.stdout.readline()
        listing = read_listing(state)
        assert listing
        yield listing
    finally:
        child.terminate()
        child.communicate(timeout=30)


def _variables(folder: Path, web: str, database_url: str, redis_url: str, company: Listing) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(urlsplit(web).port),
        "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{urlsplit(web).port}",
        "PUBLIC_BASE_URL": web,
        "SECRET_KEY": SECRET_KEY,
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "TWILIO_API_BASE_URL": company.url,
        "TWILIO_ACCOUNT_SID": company.account_sid,
        "TWILIO_AUTH_TOKEN": company.auth_token,
        "WHISPER_MODEL": "tiny.en",
        "OPENAI_API_KEY": "",
        "OPENAI_BASE_URL": "",
    } | {name: str(value) for name, value in TIMES.items()}


def _programs(folder: Path) -> Path:
    """conf/supervisord.conf, with its own files in the drill's folder, and several workers on the busy queues."""
    text = (ROOT / "conf" / "supervisord.conf").read_text()
    text = text.replace("%(here)s/../var", str(folder)).replace("%(here)s/..", str(ROOT))
    for queue, workers in CREWS.items():
        several = f"[program:{queue}]\nnumprocs={workers}\nprocess_name={queue}-%(process_num)d\n"
        text = re.sub(rf"\[program:{queue}\]\n", several, text)
    conf = folder / "supervisord.conf"
    conf.write_text(text)
    return conf


def _install_witness(url: str) -> None:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "witness.sql").read_text())
    connection.close()


def _open_business(database: Database, number: int) -> str:
    owner = make_person(database, f"owner{number}@example.com", f"+1415555010{number}", Role.MANAGER)
    return owner.number


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(url):
        assert time.monotonic() < deadline, "the system does not get ready; its log says why"
        time.sleep(LOOK_EVERY_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{url}/readyz", timeout=2).status == 200)
    except OSError:
        return False
