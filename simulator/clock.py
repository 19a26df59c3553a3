"""The clock of one call, which may run faster than the one on the wall."""

import time


class CallClock:
    """Seconds since the answer; seconds since the call was placed until then."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._origin = time.monotonic()

    def restart(self) -> None:
        self._origin = time.monotonic()

    def seconds(self) -> float:
        return (time.monotonic() - self._origin) * self._speed

    def wall_seconds(self, seconds: float) -> float:
        """How long these seconds of the call last on the wall."""
        return seconds / self._speed

    def wall_seconds_until(self, moment: float) -> float:
        return max(0.0, self.wall_seconds(moment - self.seconds()))
