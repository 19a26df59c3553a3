"""How the phone company was answered, by path and status: counted here, and added up in PostgreSQL now and then.

Never on a request: what a process has counted since the last time goes with it when it is killed.
"""

import atexit
import logging
import threading
import time
from collections import Counter

from flask import Flask, Response, current_app, request

from conf.logs import log_event
from db import patience, tallies
from db.engine import OUTAGES, Database
from db.tallies import Sum
from web.webhooks import webhooks

log = logging.getLogger(__name__)

KEY = "answered"
EVERY_SECONDS = 5
PATIENCE_SECONDS = 1
"""Of whoever asks for the numbers, or stops the process."""

MOST_SECONDS = 0.3
"""Of the statement, which may have to wait for another process's: PostgreSQL ends it, and it is not counted twice."""


class Answered:
    """What this process has answered and not yet written down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counted: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def count(self, path: str, status: int) -> None:
        """Nobody waits for this."""
        with self._lock:
            self._counted[f"{path} {status}"] += 1

    def write_down(self) -> None:
        """Without PostgreSQL the next time does it. One that did not answer may have taken it, and it counts twice."""
        with self._writing:
            with self._lock:
                counted, self._counted = self._counted, Counter()
            if not counted:
                return
            try:
                with patience.within(PATIENCE_SECONDS), self._database.transaction() as session:
                    patience.limit_statements(session, MOST_SECONDS)
                    tallies.add(session, Sum.WEBHOOKS, counted)
            except OUTAGES as error:
                log_event(log, logging.DEBUG, "WEBHOOKS_NOT_COUNTED", reason=type(error).__name__)
                with self._lock:
                    self._counted += counted

    def keep_writing(self) -> None:
        """Every few seconds from now on, and when the process ends."""
        atexit.register(self.write_down)
        threading.Thread(target=self._write_for_ever, name=KEY, daemon=True).start()

    def _write_for_ever(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            self.write_down()


def init_app(app: Flask, database: Database) -> None:
    """Count every answer to the phone company."""
    app.extensions[KEY] = Answered(database)
    app.after_request(_count)


def answered(app: Flask | None = None) -> Answered:
    """Of this process."""
    found: Answered = (app or current_app).extensions[KEY]
    return found


def _count(response: Response) -> Response:
    if request.endpoint and request.blueprint == webhooks.name:
        answered().count(request.endpoint.rpartition(".")[2], response.status_code)
    return response
