"""After a server kept somebody waiting in vain, the next ones are told no at once, and only one goes to see."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REST_SECONDS = 1.0
"""How long nobody asks after one wait in vain."""


class Breaker:
    """One for each server and process. `is_slow` knows a wait in vain; `refusal` is what the others get instead."""

    def __init__(self, is_slow: Callable[[BaseException], bool], refusal: Callable[[], Exception]) -> None:
        self._is_slow, self._refusal = is_slow, refusal
        self._lock = threading.Lock()
        self._rests_until: float | None = None

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Ask within this block; raises the refusal while the server rests or somebody else tries it."""
        if not self._admits():
            raise self._refusal()
        was_slow = False
        try:
            yield
        except BaseException as error:
            was_slow = self._is_slow(error)
            raise
        finally:
            self._rests_until = time.monotonic() + REST_SECONDS if was_slow else None

    def _admits(self) -> bool:
        with self._lock:
            if self._rests_until is None:
                return True
            if time.monotonic() < self._rests_until:
                return False
            self._rests_until = float("inf")  # this one goes to see
            return True
