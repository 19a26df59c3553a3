"""Who is being answered: no more at a time than there are connections to PostgreSQL. The others wait in line.

There are many more threads than that, since listeners keep theirs. Without a desk a hundred that come at once would
all ask for a connection, and some be refused that only had to wait.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import TYPE_CHECKING

from flask import Flask, current_app

from db import patience
from db.engine import POOL_SIZE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY = "desk"

PATIENCE_SECONDS = 2.5
"""Of a request with a database that does not answer: the phone company wants to hear of it within three."""


def init_app(app: Flask) -> None:
    """All questions of a request to PostgreSQL share one deadline, so that it is answered in time also without."""
    desk = app.extensions[KEY] = Semaphore(POOL_SIZE)
    answer = app.wsgi_app

    def answer_in_time(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with desk, patience.within(PATIENCE_SECONDS):
            return answer(environ, start_response)

    app.wsgi_app = answer_in_time  # type: ignore[method-assign]


@contextmanager
def left() -> Iterator[None]:
    """Let somebody else be answered for the length of the block: it asks something that may be slow."""
    desk: Semaphore = current_app.extensions[KEY]
    with patience.paused():
        desk.release()
        try:
            yield
        finally:
            desk.acquire()
