"""Bring the database to the schema this version needs: `python -m db.migrate [--check]`.

One process at a time does it, on one connection that holds an advisory lock and runs everything.
Exit status: 0 done, nothing to do, or somebody else has done it; 75 the lock was not to be had and the schema is
not right yet; 1 failed.
"""

import argparse
import logging
import sys
import time
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from conf import logs, settings
from conf.logs import log_event
from db import schema
from db.engine import CONNECT_SECONDS

log = logging.getLogger(__name__)

LOCK_ID = 1234567890
"""The one old containers take, so that they and we exclude each other."""

LOOK_EVERY_SECONDS = 0.2
TRY_AGAIN_LATER = 75
"""EX_TEMPFAIL of sysexits.h."""

Result = Literal["applied", "nothing", "skip"]


def migrate(url: str, *, lock_wait_seconds: float = 30, statement_timeout: str = "120s") -> Result:
    """Apply what is missing. `skip`: another process held the lock all the time; nothing was done."""
    with _connect(url, statement_timeout) as connection:
        if not _lock(connection, lock_wait_seconds):
            log_event(log, logging.INFO, "MIGRATION_SKIPPED", reason="lock")
            return "skip"
        return _upgrade(connection)


def _connect(url: str, statement_timeout: str) -> Connection:
    engine = create_engine(
        make_url(settings.with_driver(url)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": "-c timezone=UTC",
            "application_name": "db.migrate",
        },
    )
    connection = engine.connect()
    connection.execute(text("SELECT set_config('statement_timeout', :timeout, false)"), {"timeout": statement_timeout})
    connection.commit()
    return connection


def _lock(connection: Connection, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while True:
        obtained = connection.scalar(text("SELECT pg_try_advisory_lock(:id)"), {"id": LOCK_ID})
        connection.commit()
        if obtained or time.monotonic() >= deadline:
            return bool(obtained)
        time.sleep(LOOK_EVERY_SECONDS)


def _upgrade(connection: Connection) -> Result:
    config = _alembic(connection)
    before = _revision(connection)
    head = ScriptDirectory.from_config(config).get_current_head()
    if before == head:
        log_event(log, logging.INFO, "MIGRATION_SKIPPED", reason="nothing")
        return "nothing"
    command.upgrade(config, "head")
    log_event(log, logging.INFO, "MIGRATION_APPLIED", revision=head)
    return "applied"


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(settings.ROOT / "db" / "migrations"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    return revision


def _check(url: str) -> int:
    engine = create_engine(make_url(url), poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        schema.check(engine)
    except schema.SchemaWrong as wrong:
        log.error("%s", wrong)
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """What the command does; the return value is its exit status."""
    parser = argparse.ArgumentParser(prog="python -m db.migrate", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only verify the schema: exit status 0 or 1")
    wanted = parser.parse_args(arguments)
    config = settings.load()
    logs.configure(config.log_level)
    url = settings.require_database_url(config)
    try:
        if wanted.check:
            return _check(url)
        result = migrate(
            url,
            lock_wait_seconds=config.migration_lock_wait_seconds,
            statement_timeout=config.migration_statement_timeout,
        )
        return 0 if result != "skip" or _check(url) == 0 else TRY_AGAIN_LATER
    except SQLAlchemyError as error:
        log_event(log, logging.ERROR, "MIGRATION_FAILED", reason=type(error).__name__)
        log.error("%s", str(error.__cause__ or error).splitlines()[0])
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
