"""Servers of a test's own, to be frozen."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
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
        with standing_still([self.process]), standing_still(self.process.children(recursive=True)):
            yield


@contextmanager
def own(server: AbstractContextManager[str]) -> Iterator[Server]:
    """Start it, and find its process."""
    before = {child.pid for child in psutil.Process().children()}
    with server as url:
        yield Server(url, next(child for child in psutil.Process().children() if child.pid not in before))


@contextmanager
def standing_still(processes: Sequence[psutil.Process]) -> Iterator[None]:
    """SIGSTOP, and SIGCONT for those that are still there when the block ends."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
