"""How many may listen at once: whoever listens slowly keeps a thread, and some must be left for webhooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import Flask, current_app, request

KEY = "seats"

SILENT_SECONDS = 60
"""A piece takes as long as its listener does. One who takes none for so long has paused or gone, and can ask for the
rest by range later."""


class NoSeat(Exception):
    """As many listen to this process as may. The next one is better off coming again than waiting in line."""


def init_app(app: Flask, number: int) -> None:
    """Have so many seats in this process."""
    app.extensions[KEY] = BoundedSemaphore(number)


@contextmanager
def taken() -> Iterator[None]:
    """A seat for the length of the block. Raises NoSeat."""
    seats: BoundedSemaphore = current_app.extensions[KEY]
    if not seats.acquire(blocking=False):
        raise NoSeat
    try:
        _limit_silence()
        yield
    finally:
        seats.release()


def _limit_silence() -> None:
    connection = request.environ.get("gunicorn.socket")
    if connection:
        connection.settimeout(SILENT_SECONDS)  # of what is sent; gunicorn sets its own for the next request
