"""Many processes that wait for each other at a barrier and then do the same thing at the same moment."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

T = TypeVar("T")

FORKED = multiprocessing.get_context("forkserver")
"""Everything is imported once, by a server that holds no connection; fifty fresh interpreters would take a minute."""

PRELOADED = ["tests.full.rivals"]
BARRIER_SECONDS = 120

_BARRIERS: list[Barrier] = []
"""A process's own end of its crowd's barrier, which can only be inherited."""


class Crowd:
    """A fixed number of processes, kept for all rounds."""

    def __init__(self, pool: Pool, size: int) -> None:
        self._pool, self.size = pool, size

    def at_once(self, act: Callable[..., T], *arguments: Any) -> list[T]:
        """What each of the processes got; every one of them has begun before any one goes on."""
        return self._pool.starmap(_together, [(act, arguments)] * self.size, chunksize=1)


@contextmanager
def crowd_of(size: int) -> Iterator[Crowd]:
    """Start them, and end them with the block."""
    FORKED.set_forkserver_preload(PRELOADED)
    barrier = FORKED.Barrier(size)
    with FORKED.Pool(size, initializer=_keep, initargs=(barrier,)) as pool:
        yield Crowd(pool, size)
        pool.close()
        pool.join()


def _keep(barrier: Barrier) -> None:
    _BARRIERS.append(barrier)


def _together(act: Callable[..., T], arguments: Sequence[Any]) -> T:
    _BARRIERS[-1].wait(BARRIER_SECONDS)
    return act(*arguments)
