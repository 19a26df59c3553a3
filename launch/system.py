"""The whole system on this machine: servers, schema, then every process under supervisord."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NoReturn

from conf import settings
from conf.settings import EMBEDDED_SERVERS, VAR, Settings, environment
from db import migrate
from db.migrations.locks import MigrationFailed
from launch import children, embedded
from launch.embedded import Servers

PROCESSES = settings.ROOT / "conf" / "supervisord.numprocs.conf"
DEMO_PROCESSES = settings.ROOT / "conf" / "supervisord.demo.conf"
STOP_MARGIN_SECONDS = 15
"""What supervisord may take beyond the workers' grace."""


@contextmanager
def only_one_here() -> Iterator[None]:
    """Hold this folder's lock, which goes with the process; a second one is told so."""
    VAR.mkdir(exist_ok=True)
    lock = VAR / "launch.lock"
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Second Zero is running in this folder already (make run or make demo). Stop that one first.")
        try:
            yield
        finally:
            lock.unlink()


@contextmanager
def servers(config: Settings) -> Iterator[Servers]:
    """The configured servers, or embedded ones, with the schema applied."""
    with embedded.missing(
        VAR, database_url=config.database_url, redis_url=config.redis_url, listing=EMBEDDED_SERVERS
    ) as found:
        _migrate(found.database_url, config)
        yield found


def _migrate(database_url: str, config: Settings) -> None:
    try:
        result = migrate.migrate_as_configured(database_url, config)
    except MigrationFailed as error:
        sys.exit(str(error))
    if result == "skip":
        sys.exit("Somebody else is migrating the database. Try again when they are done.")


@contextmanager
def processes(conf: Path, config: Settings, log: Path | None, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Everything in a supervisord configuration, until the block ends; the log goes to a file or to our output."""
    bin_folder = Path(sys.executable).parent
    path = f"{bin_folder}:{environment().get('PATH', '')}"
    command = [str(bin_folder / "supervisord"), "-n", "-c", str(conf)]
    numbers = {name: str(number) for name, number in config.processes.items()}
    if log is None:
        _append_to_stdout()
    with log.open("ab") if log else nullcontext() as output:
        child = children.start(
            command,
            stop_signal=signal.SIGTERM,
            cwd=settings.ROOT,
            env=environment(**{"PATH": path, "PYTHONUNBUFFERED": "1"} | numbers | variables),
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield child
    finally:
        children.stop(child, signal.SIGTERM, config.grace_seconds + STOP_MARGIN_SECONDS)


def _append_to_stdout() -> None:
    """supervisord opens our output once more for every process; in a file they would write over each other."""
    flags = fcntl.fcntl(sys.stdout.fileno(), fcntl.F_GETFL)
    fcntl.fcntl(sys.stdout.fileno(), fcntl.F_SETFL, flags | os.O_APPEND)


def stop_on_signals() -> None:
    """Have every way of asking us to stop unwind, so that every block above ends in order."""

    def stop(signum: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # SIGINT too: a shell's background job ignores it
        signal.signal(number, stop)
