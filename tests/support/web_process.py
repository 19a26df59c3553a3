"""Web processes alone, as they run in production: gunicorn on a port, without workers and phone company."""

import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from conf.settings import ROOT, environment
from launch import children, ports
from tests.support.system import SECRET_KEY, eventually
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL

STOP_SECONDS = 20


@dataclass(frozen=True)
class WebProcess:
    """gunicorn's master and its workers."""

    port: int
    master: psutil.Process

    @property
    def processes(self) -> list[psutil.Process]:
        return [self.master, *self.master.children()]

    def megabytes(self) -> float:
        """Of all of them; pages that they share count for each."""
        return sum(process.memory_info().rss for process in self.processes) / 1e6

    def cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self.processes]
        return sum(time.user + time.system for time in times)


@contextmanager
def serving(
    folder: Path,
    database_url: str,
    redis_url: str,
    application: str = "web.wsgi",
    ready: str = "/readyz",
    **variables: str,
) -> Iterator[WebProcess]:
    """Start it under conf/gunicorn.conf.py with its recordings and its log in the folder; stop it with the block."""
    port = ports.any_free()
    known = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "PORT": str(port),
        "GUNICORN_CMD_ARGS": f"--bind={ports.LOOPBACK}:{port}",
        "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
        "SECRET_KEY": SECRET_KEY,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }
    with (folder / "web.log").open("ab") as log:
        child = children.start(
            [sys.executable, "-m", "gunicorn", "-c", "conf/gunicorn.conf.py", application],
            stop_signal=signal.SIGTERM,
            cwd=ROOT,
            env=environment(**known | variables),
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: _answers(f"http://{ports.LOOPBACK}:{port}{ready}"))
        yield WebProcess(port, psutil.Process(child.pid))
    finally:
        children.stop(child, signal.SIGTERM, STOP_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
