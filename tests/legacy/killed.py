"""Kills a migration at each of its statements and lets the next one finish: `python -m tests.legacy.killed URL …`.

URL names a database that is copied for every kill; EVERY is how many statements lie between two kills. Prints a line
for each kill: its number, what was about to be run, and `ok` or what differs from a migration that nobody killed.
"""

import os
import signal
import sys
from itertools import count
from typing import Any

import psycopg2
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

from conf.settings import with_driver
from db import migrate, schema
from db.adoption import adopt
from tests.conftest import execute

ROWS_A_BATCH = 20
"""So that a few dozen calls make several batches."""

LEFT = (
    "SELECT * FROM call_log ORDER BY id",
    "SELECT call_id, event, detail FROM call_event ORDER BY call_id",
    "SELECT call_id, recording_sid, status FROM recording ORDER BY recording_sid",
    "SELECT call_id, stage, business_id FROM task ORDER BY call_id, stage",
    "SELECT * FROM business_number ORDER BY business_id, number",
    "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid WHERE relname ~ 'call_log' ORDER BY 1",
)


def main(url: str, every: int) -> int:
    adopt.BATCH = ROWS_A_BATCH
    wanted = _left_by(url, kill_at=None)
    for number in count(1, every):
        left = _left_by(url, kill_at=number)
        if left is None:
            return 0
        statement, found = left
        print(number, "ok" if found == wanted else f"differs after {statement!r}", flush=True)  # noqa: T201
    return 1


def _left_by(template: str, kill_at: int | None) -> Any:
    """What is in a copy of the database at last; None when there was no such statement any more."""
    name = make_url(template).database
    url, server = (template.replace(f"/{name}?", f"/{other}?") for other in ("copy", "postgres"))
    execute(server, "DROP DATABASE IF EXISTS copy WITH (FORCE)")
    execute(server, f"CREATE DATABASE copy TEMPLATE {name}")
    if kill_at is not None:
        reading, writing = os.pipe()
        killed = _in_a_process(lambda: _die_at(kill_at, writing, url))
        os.close(writing)
        statement = os.read(reading, 200).decode()
        os.close(reading)
        if not killed:
            return None
    _in_a_process(lambda: migrate.migrate(url))
    found = [_ask(url, question) for question in LEFT]
    schema.check(create_engine(with_driver(url), poolclass=NullPool))
    return found if kill_at is None else (statement, found)


def _in_a_process(work: Any) -> bool:
    """Whether it was killed."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _die_at(number: int, witness: int, url: str) -> None:
    seen = count(1)

    def step(what: str) -> None:
        if next(seen) == number:
            os.write(witness, what[:100].encode())
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", lambda c, cursor, statement, *rest: step(statement))
    event.listen(Engine, "commit", lambda connection: step("COMMIT"))
    migrate.migrate(url)


def _ask(url: str, question: str) -> list[Any]:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(question)
        found = cursor.fetchall()
    connection.close()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
