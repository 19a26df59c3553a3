"""How long PostgreSQL is waited for."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from db import patience
from db.engine import Database

SHORT = 0.5


@pytest.fixture(autouse=True)
def connected(database: Database) -> None:
    """Connecting is not what is timed here."""
    ask(database)


def test_who_has_no_time_left_is_not_answered(database: Database) -> None:
    with pytest.raises(OperationalError), patience.within(SHORT):
        time.sleep(2 * SHORT)
        ask(database, seconds=SHORT)  # a busy machine may have an answer that takes no time at all before we look


def test_what_takes_its_time_without_postgresql_does_not_count(database: Database) -> None:
    with patience.within(SHORT):
        with patience.paused():
            time.sleep(2 * SHORT)
        ask(database)


def test_the_time_left_after_a_pause_is_what_was_left_before(database: Database) -> None:
    with pytest.raises(OperationalError), patience.within(SHORT):
        with patience.paused():
            time.sleep(SHORT)
        ask(database, seconds=2 * SHORT)


def test_where_nobody_is_waiting_a_pause_is_nothing(database: Database) -> None:
    with patience.paused():
        pass
    ask(database, seconds=SHORT)


def ask(database: Database, seconds: float = 0) -> None:
    with database.transaction() as session:
        session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
