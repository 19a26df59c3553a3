"""Migrations: applied once, by one process at a time, and what the models need is then there."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from conf.settings import ROOT, environment, with_driver
from db import migrate, schema
from db.models import Base
from db.revisions import VERSION_TABLE
from tests.conftest import database_in, execute


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    execute(postgres_url, "CREATE DATABASE empty")
    yield database_in(postgres_url, "empty")
    execute(postgres_url, "DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def somebody_migrates(empty_url: str) -> Iterator[None]:
    """Another process holds the lock all the time."""
    connection = psycopg2.connect(empty_url)
    connection.cursor().execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK_ID,))
    yield
    connection.close()


def run(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    known = environment(DATABASE_URL=url, MIGRATION_LOCK_WAIT_SECONDS="0.5")
    command = [sys.executable, "-m", "db.migrate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True)


def test_an_empty_database_gets_the_schema_and_a_second_run_changes_nothing(empty_url: str) -> None:
    assert migrate.migrate(empty_url) == "applied"
    assert migrate.migrate(empty_url) == "nothing"


def test_the_migrations_build_what_the_models_say(empty_url: str) -> None:
    migrate.migrate(empty_url)
    engine = create_engine(with_driver(empty_url), poolclass=NullPool)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
        assert schema.differences(connection) == []


def test_whoever_does_not_get_the_lock_skips_and_says_so(empty_url: str, somebody_migrates: None) -> None:
    assert migrate.migrate(empty_url, lock_wait_seconds=0.3) == "skip"


def test_the_command_asks_to_be_run_again_when_the_lock_was_not_to_be_had(
    empty_url: str, somebody_migrates: None
) -> None:
    ended = run(empty_url)

    assert ended.returncode == 75
    assert "MIGRATION_SKIPPED reason=lock" in ended.stdout


def test_skipping_is_well_when_the_schema_is_right_already(empty_url: str) -> None:
    migrate.migrate(empty_url)
    connection = psycopg2.connect(empty_url)
    connection.cursor().execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK_ID,))

    assert run(empty_url).returncode == 0
    connection.close()


def test_processes_that_start_together_apply_it_once(empty_url: str) -> None:
    command = [sys.executable, "-m", "db.migrate"]
    known = environment(DATABASE_URL=empty_url)
    started = [subprocess.Popen(command, cwd=ROOT, env=known, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate()[0] for process in started]

    assert [process.returncode for process in started] == [0] * 4
    assert sum("MIGRATION_APPLIED" in output for output in said) == 1


def test_the_check_names_the_column_what_was_expected_and_what_mends_it(empty_url: str) -> None:
    migrate.migrate(empty_url)
    assert run(empty_url, "--check").returncode == 0

    execute(empty_url, "ALTER TABLE call_log DROP COLUMN outcome")
    execute(empty_url, "ALTER TABLE task ALTER COLUMN worker TYPE integer USING NULL")
    refused = run(empty_url, "--check")

    assert refused.returncode == 1
    assert "call_log.outcome: expected VARCHAR, found nothing" in refused.stdout
    assert "task.worker: expected VARCHAR, found INTEGER" in refused.stdout
    assert "python -m db.migrate" in refused.stdout
    assert "postgres:@" not in refused.stdout


def test_columns_and_tables_of_somebody_else_are_fine(empty_url: str) -> None:
    migrate.migrate(empty_url)
    execute(empty_url, "ALTER TABLE call_log ADD COLUMN theirs TEXT")
    execute(empty_url, "CREATE TABLE theirs (id int)")

    assert run(empty_url, "--check").returncode == 0


def test_a_process_refuses_to_start_on_a_schema_that_is_not_right(empty_url: str) -> None:
    known = environment(
        DATABASE_URL=empty_url, REDIS_URL="redis://127.0.0.1:9/0", MIGRATION_LOCK_WAIT_SECONDS="0.5", RUN_MIGRATIONS="0"
    )
    command = [sys.executable, "-m", "jobs.worker", "maintenance"]
    refused = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True)

    assert refused.returncode == 1
    assert "The database schema is not right" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
