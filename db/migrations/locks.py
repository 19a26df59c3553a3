"""Waiting for locks in short pieces: whoever waits for a table has everybody behind it wait as well."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

T = TypeVar("T")

LOCK_TIMEOUT = "500ms"
"""Less than PostgreSQL's deadlock_timeout of a second: of two in each other's way it is the migration that yields."""

PAUSE_SECONDS = 0.5
"""As long as we have held others up, they go first."""

PATIENCE_SECONDS = 120

YIELDED = {"55P03", "40P01"}
"""PostgreSQL's codes of a lock timeout and of a deadlock."""

OLDEST = """SELECT pid, coalesce(nullif(application_name, ''), 'unnamed') AS name,
    round(extract(epoch FROM clock_timestamp() - xact_start)) AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start LIMIT 1"""


class MigrationFailed(Exception):
    """The database can't be migrated as it is; the message says why and what to do."""


def patiently(connection: Connection, work: Callable[[], T]) -> T:
    """Do something that rolls itself back when it has to yield, until it goes through. Raises MigrationFailed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in YIELDED:
                raise
            if time.monotonic() > deadline:
                raise MigrationFailed(_who_is_in_the_way(connection)) from error
        time.sleep(PAUSE_SECONDS)


def _who_is_in_the_way(connection: Connection) -> str:
    oldest = connection.execute(text(OLDEST)).one_or_none()
    if oldest is None:
        return "Other transactions were in the way all the time. Run it again when there are fewer."
    return (
        f"Other transactions were in the way all the time; the oldest is that of process {oldest.pid} ({oldest.name}),"
        f" open for {oldest.seconds:.0f} s. End it, e.g. with SELECT pg_terminate_backend({oldest.pid}), and run again."
    )
