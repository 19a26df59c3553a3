"""A share of the answers of the REST API and of the media goes wrong on its way; what is answered is never untrue."""

import random
import threading
from collections import Counter

from simulator.errors import ApiError, too_many_requests

HANG_SECONDS = 60.0  # longer than any client waits for a first byte

WEIGHTS = {"500": 4, "503": 4, "429": 2, "reset": 4, "timeout": 1}
"""How often each kind comes; a timeout is rare, since it costs whoever waits for it as much time as all the others."""

REFUSALS = {
    "500": ApiError(20500, 500, "Internal Server Error"),
    "503": ApiError(20503, 503, "Service Unavailable"),
    "429": too_many_requests(),
}
"""Nothing was done. After the others it was, and nobody learns of it."""


class Unreliable:
    """Draws what goes wrong; the same seed draws the same row of faults, for whatever requests come in that order."""

    def __init__(self, share: float = 0.0, seed: int = 0) -> None:
        self.drawn: Counter[str] = Counter()
        self.answers = 0
        self._share = share
        self._random = random.Random(seed)  # noqa: S311 - makes faults, no secrets
        self._lock = threading.Lock()

    def draw(self) -> str | None:
        """The fault of the next answer, if it has one."""
        with self._lock:
            self.answers += 1
            if self._random.random() >= self._share:
                return None
            [fault] = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
            self.drawn[fault] += 1
            return fault
