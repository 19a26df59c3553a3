"""PostgreSQL and Valkey that can be stopped at once, frozen, thawed and emptied."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from redis import Redis

from launch import children, embedded
from tests.support.servers import Server, own

STOP_SECONDS = 10
START_SECONDS = 30
LOOK_EVERY_SECONDS = 0.05


@dataclass
class Postgres:
    """A server of our own; it must be restarted from the thread that lives longest, since it dies with its parent."""

    url: str
    folder: Path
    _restarted: list[Any] = field(default_factory=list)

    def stop_immediately(self, seconds: float) -> None:
        """As after a power cut: nothing is finished; back on the same address and data some seconds later."""
        postmaster = self._postmaster()
        command, owner = postmaster.cmdline(), (postmaster.uids().real, postmaster.gids().real)
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(STOP_SECONDS)
        time.sleep(seconds)
        self._start(command, *owner)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still, and its sockets still take what is sent."""
        with Server(self.url, self._postmaster()).frozen():
            yield

    def close(self) -> None:
        for child in self._restarted:
            children.stop(child, signal.SIGINT, STOP_SECONDS)

    def _postmaster(self) -> psutil.Process:
        return psutil.Process(int((self.folder / "postmaster.pid").read_text().split()[0]))

    def _start(self, command: list[str], user: int, group: int) -> None:
        rights = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "log").open("ab") as log:
            child = children.start(
                command, stop_signal=signal.SIGINT, cwd=self.folder, stdout=log, stderr=log, **rights
            )
        self._restarted.append(child)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "PostgreSQL does not come back; its log says why"
            time.sleep(LOOK_EVERY_SECONDS)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    with embedded.postgres(folder) as url:
        server = Postgres(url, folder)
        try:
            yield server
        finally:
            server.close()


class Valkey(Server):
    """One that can be emptied."""

    def flush(self) -> None:
        client = Redis.from_url(self.url, socket_timeout=5)
        client.flushall()
        client.close()


@contextmanager
def valkey(folder: Path) -> Iterator[Valkey]:
    with own(embedded.valkey(folder)) as server:
        yield Valkey(server.url, server.process)
