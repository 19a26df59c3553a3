"""The hub: PostgreSQL, Valkey, an object store, the phone company, web and scheduler; hosts with workers around it."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from conf.settings import Settings, environment, with_driver
from db import migrate
from db.engine import Database, connect
from db.words import Role
from jobs import redis
from launch import embedded, ports, system
from tests.hosts import network
from tests.hosts.network import HUB, Host
from tests.support.object_store import BUCKET, S3Server, s3_server
from tests.support.people import make_person
from tests.support.relay import ANYWHERE, relay
from tests.support.system import SMALL_TIMES, System, addresses, eventually, is_ready, phone_company, programs

POSTGRES_SOCKET = ".s.PGSQL.5432"
NUMPROCS = "supervisord.numprocs.conf"


@dataclass(frozen=True)
class Hub:
    """What hosts are told of it, in the names of the environment; `system` is what the hub itself runs."""

    folder: Path
    system: System
    store: S3Server
    variables: dict[str, str]
    company_port: int
    """At which the phone company answers from the hosts; they know it as their own, for it speaks plain http."""

    def workers(self, queue: str = "*") -> list[bytes]:
        """Those that have registered, wherever they are."""
        client = redis.connect(self.system.supervisor.environ()["REDIS_URL"], timeout=redis.PATIENT_SECONDS)
        names: list[bytes] = client.keys(f"rq:worker:{queue}-*")
        client.close()
        return names


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Hub]:
    """Start it on this thread's network, and stop it when the block ends."""
    with ExitStack() as stack:
        database_url = stack.enter_context(embedded.postgres(folder / "postgres", durable=False))
        redis_url = stack.enter_context(embedded.valkey(folder / "valkey", durable=False))
        store = stack.enter_context(s3_server())
        url = f"http://127.0.0.1:{ports.any_free()}"
        company = stack.enter_context(phone_company(folder, url))
        company_port = stack.enter_context(relay(_address(company.url), host=ANYWHERE))
        migrate.migrate(database_url)
        known = addresses(folder, url, database_url, redis_url, company) | SMALL_TIMES
        known |= _store(stack, store) | variables
        database = Database(connect(with_driver(database_url), statement_seconds=5, application="tests"))
        stack.callback(database.engine.dispose)
        owner = make_person(database, "owner@example.com", "+14155550101", Role.MANAGER)
        config = Settings(_env_file=None, grace_seconds=2, **dict.fromkeys(_WORKERS, 0))
        conf = _programs(folder)
        supervisor = stack.enter_context(system.processes(conf, config, folder / "log", **known))
        hub = System(url, folder, database, owner, psutil.Process(supervisor.pid))
        eventually(lambda: is_ready(url))
        yield Hub(folder, hub, store, known | _relayed(stack, database_url, redis_url), company_port)


@contextmanager
def worker_host(hub: Hub, number: int, **variables: str) -> Iterator[Host]:
    """A host with a worker of every queue under supervisord, and neither web nor scheduler."""
    folder = hub.folder / f"host-{number}"
    folder.mkdir()
    conf = _programs(folder)
    numbers = Settings(_env_file=None, web_servers=0, schedulers=0).processes
    bin_folder = Path(sys.executable).parent
    known = environment(
        **hub.variables
        | {name: str(count) for name, count in numbers.items()}
        | {"PATH": f"{bin_folder}:{environment().get('PATH', '')}", "PYTHONUNBUFFERED": "1"}
        | variables
    )
    own_port = urlsplit(hub.variables["TWILIO_API_BASE_URL"]).port
    phone_line = f"{sys.executable} -m tests.support.relay {own_port} {HUB} {hub.company_port} & "
    command = ["sh", "-c", f"{phone_line} exec {bin_folder / 'supervisord'} -n -c {conf}"]
    with network.host(number, folder, command, known) as host:
        yield host


_WORKERS = [f"{queue}_workers" for queue in ("calls", "recordings", "transcripts", "summaries", "maintenance")]


def _programs(folder: Path) -> Path:
    """conf/supervisord.numprocs.conf with its own files in the folder."""
    programs(folder)
    return Path(shutil.copy(system.PROCESSES, folder / NUMPROCS))


def _relayed(stack: ExitStack, database_url: str, redis_url: str) -> dict[str, str]:
    """The addresses of PostgreSQL, which listens on a unix socket, and of Valkey, as hosts know them."""
    database = urlsplit(database_url)
    socket = str(Path(parse_qs(database.query)["host"][0]) / POSTGRES_SOCKET)
    postgres_port = stack.enter_context(relay(socket, host=ANYWHERE))
    password = urlsplit(redis_url).password
    redis_port = stack.enter_context(relay(_address(redis_url), host=ANYWHERE))
    return {
        "DATABASE_URL": f"postgresql://postgres@{HUB}:{postgres_port}{database.path}",
        "REDIS_URL": f"redis://:{password}@{HUB}:{redis_port}/0",
    }


def _store(stack: ExitStack, store: S3Server) -> dict[str, str]:
    return {
        "STORAGE_URL": f"s3://{BUCKET}/recordings",
        "AWS_ENDPOINT_URL": f"http://{HUB}:{stack.enter_context(relay(_address(store.url), host=ANYWHERE))}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
    }


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)
