"""Many containers start at once, and one of them hangs: applied once, and everybody else is told the truth."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg2
import pytest

from conf.settings import ROOT, environment
from db import migrate
from tests.conftest import execute
from tests.legacy import odd_calls
from tests.legacy.people import PEOPLE
from tests.legacy.schemas import EMPTY, old_database
from tests.legacy.test_rules import refusal

MANY = 20
MIGRATE = [sys.executable, "-m", "db.migrate"]
WAIT_SECONDS = 2
MARGIN_SECONDS = 1


@contextmanager
def database(postgres_url: str, schema: str) -> Iterator[str]:
    with old_database(postgres_url, schema, "" if schema == EMPTY else PEOPLE) as url:
        if schema != EMPTY:
            odd_calls.fill(url)
        yield url


def start(url: str, **variables: str) -> "subprocess.Popen[str]":
    known = environment(DATABASE_URL=url, **variables)
    return subprocess.Popen(MIGRATE, cwd=ROOT, env=known, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def start_together(postgres_url: str, schema: str) -> None:
    with database(postgres_url, schema) as url:
        started = [start(url, MIGRATION_LOCK_WAIT_SECONDS="60") for _ in range(MANY)]
        said = [process.communicate()[0] for process in started]

        assert [process.returncode for process in started] == [0] * MANY, said
        assert sum("MIGRATION_APPLIED revision=" in words for words in said) == 1
        assert sum("MIGRATION_SKIPPED reason=nothing" in words for words in said) == MANY - 1
        assert not any("Traceback" in words or "deadlock" in words for words in said)
        assert refusal(url) is None


@pytest.mark.slow
@pytest.mark.parametrize("schema", [EMPTY, "half of the costs"])
def test_of_twenty_that_start_together_one_migrates(postgres_url: str, schema: str) -> None:
    start_together(postgres_url, schema)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(20))
@pytest.mark.parametrize("schema", [EMPTY, "another taste"])
def test_of_twenty_that_start_together_one_migrates_every_time(postgres_url: str, schema: str, turn: int) -> None:
    start_together(postgres_url, schema)


@contextmanager
def hanging(url: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that migrates, stopped in the middle of it: it waits for a table that somebody holds."""
    holder = psycopg2.connect(url)
    holder.cursor().execute("LOCK TABLE call_log IN ACCESS EXCLUSIVE MODE")
    process = start(url)
    watcher = psycopg2.connect(url)
    watcher.autocommit = True
    with watcher.cursor() as cursor:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        for _ in range(200):
            cursor.execute(waiting)
            if (cursor.fetchone() or (0,))[0]:
                break
            time.sleep(0.05)
    process.send_signal(signal.SIGSTOP)
    holder.close()
    watcher.close()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def in_time(url: str) -> tuple[int, str, float]:
    began = time.monotonic()
    process = start(url, MIGRATION_LOCK_WAIT_SECONDS=str(WAIT_SECONDS))
    said, _ = process.communicate()
    return process.returncode, said, time.monotonic() - began


@pytest.mark.slow
def test_whoever_waits_for_one_that_hangs_is_told_to_come_again(postgres_url: str) -> None:
    waits = []
    for _ in range(2):  # the better of two: others are at work here
        with database(postgres_url, "with statuses") as url, hanging(url):
            code, said, seconds = in_time(url)

        assert code == 75, said
        assert "MIGRATION_SKIPPED reason=lock" in said
        assert "python -m db.migrate" in said.splitlines()[-1]  # not right yet, or just being altered
        waits.append(seconds)
    assert min(waits) < WAIT_SECONDS + start_up() + MARGIN_SECONDS


@pytest.mark.slow
def test_nobody_waits_for_one_that_hangs_when_nothing_is_left_to_do(postgres_url: str) -> None:
    with database(postgres_url, "with statuses") as url:
        migrate.migrate(url)
        holder = psycopg2.connect(url)
        holder.cursor().execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK_ID,))
        code, said, seconds = in_time(url)
        holder.close()

        assert (code, "reason=nothing" in said) == (0, True)
        assert seconds < start_up() + MARGIN_SECONDS


def start_up() -> float:
    """What it takes here and now to start Python with our libraries: at worst, since others are at work here."""
    return max(_start_up() for _ in range(3))


def _start_up() -> float:
    began = time.monotonic()
    subprocess.run([*MIGRATE, "--help"], cwd=ROOT, capture_output=True, check=True)
    return time.monotonic() - began


def test_one_that_hangs_with_a_table_lets_go_of_it_within_seconds(postgres_url: str) -> None:
    with database(postgres_url, "with statuses") as url:
        process = start_frozen_in_a_transaction(url)
        began = time.monotonic()
        execute(url, "INSERT INTO call_log (call_sid, business_id) VALUES ('CA-during', 1)")
        seconds = time.monotonic() - began
        process.kill()
        process.communicate()

        assert seconds < 8
        assert migrate.migrate(url) == "applied"


def start_frozen_in_a_transaction(url: str) -> "subprocess.Popen[str]":
    """Stops itself, once, when it has altered call_log and not committed yet."""
    code = f"""
import os, signal
from sqlalchemy import Engine, event
from db import migrate
def stop(connection, cursor, statement, *rest):
    if "DROP NOT NULL" in statement:
        os.kill(os.getpid(), signal.SIGSTOP)
event.listen(Engine, "after_cursor_execute", stop)
migrate.migrate({url!r})
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        time.sleep(0.05)
    return process
