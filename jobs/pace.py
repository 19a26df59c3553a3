"""How long is waited before something is tried or asked for again."""

import random
from dataclasses import dataclass

from conf.settings import Settings

JITTER = 0.2
"""Delays are lengthened by up to this share, so that calls that failed together do not come back together."""

UNFINISHED_SHARE = 4
"""Ask again after a quarter of the time that the phone company has been at it."""

GIVE_UP_AFTER_SECONDS = 24 * 3600
"""The phone company mostly has the file within 30 s; after a day it will never have it."""


@dataclass(frozen=True)
class Pace:
    """The first delay and the longest, in seconds."""

    base: float
    longest: float

    def after_failure(self, attempts: int) -> float:
        """Twice as long after each attempt."""
        shortest = self.base * 2 ** (attempts - 1)
        jitter = JITTER * random.random()  # noqa: S311 - spreads load, hides nothing
        return min(shortest * (1 + jitter), self.longest)

    def while_unfinished(self, seconds: float) -> float | None:
        """Ever more rarely, the longer the phone company has been at it; None when it will never finish."""
        if seconds > GIVE_UP_AFTER_SECONDS:
            return None
        return min(max(seconds / UNFINISHED_SHARE, self.base), self.longest)


def pace_of(settings: Settings) -> Pace:
    """As the operator has set it."""
    return Pace(base=settings.retry_base_seconds, longest=settings.retry_max_seconds)
