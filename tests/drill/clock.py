"""The storm's own time: it stands still while a busy machine is long in starting killed web processes again."""

import threading
import time
import urllib.error
import urllib.request

LOOK_EVERY_SECONDS = 0.2
ANSWER_SECONDS = 2.0

OUTAGE_SECONDS = 3.0
"""Of each outage of the web process so much counts: calls that come in it show what they can show. During the rest
they would all be lost in the same way, and those who are killed again before they work show nothing."""


class StormClock:
    """Runs while the block goes on."""

    def __init__(self, web: str) -> None:
        self.seconds = 0.0
        self._address = f"{web}/healthz"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="storm clock", daemon=True)

    def __enter__(self) -> "StormClock":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for(self, moment: float, stop: threading.Event) -> bool:
        """Whether the moment has come; False when the storm was stopped before."""
        while self.seconds < moment:
            if stop.wait(LOOK_EVERY_SECONDS):
                return False
        return not stop.is_set()

    def _run(self) -> None:
        before = answered_at = time.monotonic()
        while not self._over.wait(LOOK_EVERY_SECONDS):
            answers, now = self._answers(), time.monotonic()
            answered_at = now if answers else answered_at
            if now - answered_at < OUTAGE_SECONDS:
                self.seconds += now - before
            before = now

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._address, timeout=ANSWER_SECONDS):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
