"""A migration that is killed, wherever it is: the next one completes it."""

import signal
import subprocess
import sys
import time

import psycopg2
import pytest

from conf.settings import ROOT
from db import migrate
from tests.legacy.schemas import EMPTY, SCHEMAS
from tests.legacy.test_rivals import database, start
from tests.legacy.test_rules import refusal


def kill_at_every(postgres_url: str, schema: str, every: int) -> list[str]:
    """What became of each kill."""
    with database(postgres_url, schema) as url:
        command = [sys.executable, "-W", "ignore", "-m", "tests.legacy.killed", url, str(every)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return [line.partition(" ")[2] for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("schema", [pytest.param(EMPTY, marks=pytest.mark.slow), "half of the costs"])
def test_whatever_statement_a_migration_is_killed_at_the_next_one_completes(postgres_url: str, schema: str) -> None:
    outcomes = kill_at_every(postgres_url, schema, every=23)

    assert len(outcomes) > 5
    assert set(outcomes) == {"ok"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("schema", [EMPTY, *SCHEMAS])
def test_at_every_single_statement_too(postgres_url: str, schema: str) -> None:
    outcomes = kill_at_every(postgres_url, schema, every=1)

    assert len(outcomes) > 70
    assert set(outcomes) == {"ok"}


def test_an_index_that_a_killed_migration_left_half_built_is_built_anew(postgres_url: str) -> None:
    with database(postgres_url, "with costs") as url:
        reader = psycopg2.connect(url)
        reader.set_session(isolation_level="REPEATABLE READ")
        reader.cursor().execute("SELECT count(*) FROM faqs")  # a snapshot, and no lock that is in the way
        process = start(url)
        wait_for(url, "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase ~ 'waiting for old snapshots'")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        wait_for(url, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'")
        reader.close()

        assert left_half_built(url) == 1
        assert migrate.migrate(url) == "applied"
        assert left_half_built(url) == 0
        assert (
            ask(url, "SELECT count(*) FROM pg_class WHERE relname ~ '^ix_call_log_(recent|recording_sid|unfin)'") == 3
        )
        assert refusal(url) is None


HALF_BUILT = "SELECT count(*) FROM pg_index WHERE indrelid = 'call_log'::regclass AND NOT indisvalid"


def left_half_built(url: str) -> int:
    return int(ask(url, HALF_BUILT))


def wait_for(url: str, question: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ask(url, question):
        assert time.monotonic() < deadline, question
        time.sleep(0.05)


def ask(url: str, question: str) -> int:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(question)
        (found,) = cursor.fetchone() or (0,)
    connection.close()
    return int(found)
