"""The nursery from outside: start a process there, wait for its end, stop it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from conf.settings import ROOT
from launch import children
from tests.crashes.nursery import Order
from tests.support.system import eventually

STOP_SECONDS = 10
LAST_LINES = 20


@dataclass(frozen=True)
class Born:
    """A process of the nursery's."""

    pid: int
    status: Path
    log: Path

    def wait(self, seconds: float) -> int:
        """How it ended; fails when it has not in time."""
        eventually(self.status.exists, seconds)
        return int(self.status.read_text())

    def stop(self) -> None:
        """Ask it to, and insist."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.status.exists():
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            with suppress(AssertionError):
                self.wait(STOP_SECONDS)

    def last_words(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-LAST_LINES:])


class Births:
    """Starts processes with the system's environment."""

    def __init__(self, nursery: "subprocess.Popen[bytes]", folder: Path, environment: Mapping[str, str]) -> None:
        self._nursery, self._folder = nursery, folder
        self._numbers = count(1)
        self.environment = environment
        self.log = folder / "log"
        self.log.touch()

    def new_file(self) -> Path:
        """The name of one that is not there."""
        return self._folder / str(next(self._numbers))

    def start(self, point: str, *command: str, **variables: str) -> Born:
        """`point` is armed, unless it is empty."""
        status = self.new_file()
        order = Order(point, command, {**self.environment, **variables}, str(self.log), str(status))
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.write(order.written().encode())
        self._nursery.stdin.flush()
        return Born(int(self._nursery.stdout.readline()), status, self.log)


@contextmanager
def births(folder: Path, environment: Mapping[str, str]) -> Iterator[Births]:
    """A nursery, until the block ends."""
    folder.mkdir()
    nursery = children.start(
        [sys.executable, "-m", "tests.crashes.nursery"],
        stop_signal=signal.SIGTERM,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        yield Births(nursery, folder, environment)
    finally:
        nursery.communicate(timeout=STOP_SECONDS)
