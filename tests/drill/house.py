"""Everything the drill needs, started: servers, phone company, and the processes of conf/supervisord.conf."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2

from conf.settings import Settings, with_driver
from db import migrate
from db.engine import Database, connect
from db.words import Role
from launch import ports, system
from simulator.account import Listing
from tests.drill import servers
from tests.drill.servers import Postgres, Valkey
from tests.support.people import Person, make_person
from tests.support.system import addresses, eventually, is_ready, phone_company, programs

START_SECONDS = 90
LOOK_EVERY_SECONDS = 0.1
SECRET_KEY = "the-drills-own-secret"
DATABASE_PASSWORD = "the-drills-database-password"
"""Nobody asks for it over a socket; but it must not be seen anywhere."""

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

SETTINGS = {
    "SECRET_KEY": SECRET_KEY,
    "OPENAI_API_KEY": "",
    "OPENAI_BASE_URL": "",
    "SWEEP_SECONDS": str(SWEEP_SECONDS),
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "GRACE_SECONDS": "1",
    "ENQUEUE_COOLDOWN_SECONDS": str(COOLDOWN_SECONDS),
    "RETRY_BASE_SECONDS": str(RETRY_BASE_SECONDS),
    "RETRY_MAX_SECONDS": str(RETRY_MAX_SECONDS),
    "STUCK_SECONDS": str(STUCK_SECONDS),
    "MAX_ATTEMPTS": str(MAX_ATTEMPTS),
    "BUSINESS_SLOTS": str(SLOTS),
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
    owners: Sequence[Person]

    @property
    def numbers(self) -> Sequence[str]:
        return [owner.number for owner in self.owners]

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def logs(self) -> Mapping[str, Path]:
        servers = {"PostgreSQL's log": self.folder / "postgres" / "log", "Valkey's log": self.folder / "valkey" / "log"}
        return {"the log": self.folder / "log"} | servers

    @property
    def secrets(self) -> Sequence[str]:
        password = str(urlsplit(self.valkey.url).password)
        tokens = [owner.token for owner in self.owners]
        return (self.company.auth_token, password, SECRET_KEY, DATABASE_PASSWORD, str(self.recordings), *tokens)


@contextmanager
def running(folder: Path, *, faulty: float, seed: int) -> Iterator[House]:
    """Start it all in an empty folder, and stop it when the block ends."""
    web = f"http://127.0.0.1:{ports.any_free()}"
    with (
        servers.postgres(folder / "postgres") as postgres,
        servers.valkey(folder / "valkey") as valkey,
        phone_company(folder, web, "--faulty", str(faulty), "--seed", str(seed)) as company,
    ):
        migrate.migrate(postgres.url)
        _install_witness(postgres.url)
        database = Database(connect(with_driver(postgres.url), statement_seconds=5, application="drill"))
        owners = [_open_business(database, number) for number in range(BUSINESSES)]
        secret_url = postgres.url.replace(":@", f":{DATABASE_PASSWORD}@")
        known = addresses(folder, web, secret_url, valkey.url, company) | SETTINGS
        config = Settings(_env_file=None, grace_seconds=1)
        with system.processes(_programs(folder), config, folder / "log", **known) as supervisor:
            eventually(lambda: is_ready(web), START_SECONDS)
            yield House(folder, postgres, valkey, company, database, psutil.Process(supervisor.pid), web, owners)
        database.engine.dispose()


def _programs(folder: Path) -> Path:
    """Those of the system, with several workers on the busy queues."""
    conf = programs(folder)
    text = conf.read_text()
    for queue, workers in CREWS.items():
        several = f"[program:{queue}]\nnumprocs={workers}\nprocess_name={queue}-%(process_num)d\n"
        text = text.replace(f"[program:{queue}]\n", several)
    conf.write_text(text)
    return conf


def _install_witness(url: str) -> None:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "witness.sql").read_text())
    connection.close()


def _open_business(database: Database, number: int) -> Person:
    return make_person(database, f"owner{number}@example.com", f"+1415555010{number}", Role.MANAGER)
