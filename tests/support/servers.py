"""Servers of a test's own, to be frozen."""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Server:
    """A PostgreSQL or a Valkey that is a child of ours."""

    url: str
    process: psutil.Process

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and questions, and answers none of them."""
        processes = [self.process, *self.process.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)


@contextmanager
def own(server: AbstractContextManager[str]) -> Iterator[Server]:
    """Start it, and find its process."""
    before = {child.pid for child in psutil.Process().children()}
    with server as url:
        yield Server(url, next(child for child in psutil.Process().children() if child.pid not in before))
