"""A process that has imported the product and forks its processes: they start in a tenth of the time.

It reads one order a line, and answers each with the pid of the process that it has started.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tests import crash_at

IMPORTED = (
    *("jobs.worker", "jobs.crews.calls", "jobs.crews.recordings", "jobs.crews.summaries", "jobs.crews.maintenance"),
    *("jobs.sweeps", "jobs.reconcile", "scheduler.reconcile", "web.webhooks"),
)
"""Not the speech model's libraries, which have threads of their own."""


@dataclass(frozen=True)
class Order:
    """A process: `point` is armed unless it is empty. How the process ended is written to `status`, in the numbers of
    subprocess."""

    point: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: str
    status: str

    def written(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def main() -> None:
    """Until nobody is left to give orders; then nobody is left to stop what runs."""
    for name in IMPORTED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those between have nothing to say
    started: dict[int, Path] = {}
    for line in sys.stdin:
        order = Order(**json.loads(line))
        pid = _start(order)
        started[pid] = Path(order.status)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in (pid for pid, status in started.items() if not status.exists()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _start(order: Order) -> int:
    """A process between us and it waits for its end, so that we need not."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child = os.fork()
        if child == 0:
            _become(order)
        os.write(writer, f"{child}\n".encode())
        _wait(child, Path(order.status))
    os.close(writer)
    with os.fdopen(reader) as answer:
        return int(answer.readline())


def _wait(child: int, status: Path) -> NoReturn:
    _, ended = os.waitpid(child, 0)
    draft = status.with_suffix(".draft")
    draft.write_text(str(os.waitstatus_to_exitcode(ended)))
    draft.rename(status)
    os._exit(0)


def _become(order: Order) -> NoReturn:
    os.setpgid(0, 0)
    os.environ.clear()
    os.environ.update(order.environment)
    output = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
        os.dup2(source, target)
    if order.point:
        crash_at.arm(order.point)
    crash_at.run(order.command)
    sys.exit(0)


if __name__ == "__main__":
    main()
