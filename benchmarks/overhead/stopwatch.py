"""CPU seconds of processes, and of the parts of one."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import psutil


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of a process and all its children, those that have ended included."""
    spent = process.cpu_times()
    ended = getattr(spent, "children_user", 0.0) + getattr(spent, "children_system", 0.0)
    return float(spent.user + spent.system + ended) + sum(cpu_seconds(child) for child in process.children())


class Stopwatch:
    """CPU seconds of this process, all its threads, by the part that the main thread was in.

    A part within another is taken out of it, so that all of them add up to the whole.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._inner = [0.0]
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What this block takes belongs to the part."""
        begun = self._clock()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = self._clock() - begun
            self.spent[name] += whole - self._inner.pop()
            self._inner[-1] += whole

    def watch(self, owner: Any, attribute: str, name: str) -> None:
        """Have a function of a class or module belong to the part, whoever calls it."""
        setattr(owner, attribute, self._timed(name, getattr(owner, attribute)))

    def watch_each(self, owner: Any, attribute: str, name: str) -> None:
        """Have what a generator does for each of its items belong to the part."""
        made = getattr(owner, attribute)

        @wraps(made)
        def make(*arguments: Any, **options: Any) -> Iterator[Any]:
            return iter(partial(self._timed(name, next), made(*arguments, **options), None), None)

        setattr(owner, attribute, make)

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **options: Any) -> Any:
            with self.part(name):
                return function(*arguments, **options)

        return timed
