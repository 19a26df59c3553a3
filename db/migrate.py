"""Bring the database to the schema this version needs: `python -m db.migrate [--check]`.

One process at a time does it, on one connection that holds an advisory lock and runs everything.
Exit status: 0 done, nothing to do, or somebody else has done it; 75 the lock was not to be had and the schema is
not right yet; 1 failed.
"""

import argparse
import logging
import sys
import time
from functools import partial
from typing import Literal

from alembic import command
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from conf import logs, settings
from conf.logs import log_event
from conf.settings import Settings
from db import revisions, schema
from db.engine import CONNECT_SECONDS
from db.migrations.locks import LOCK_TIMEOUT, MigrationFailed, patiently

log = logging.getLogger(__name__)

LOCK_ID = 1234567890
"""The one old containers take, so that they and we exclude each other."""

LOOK_EVERY_SECONDS = 0.2
TRY_AGAIN_LATER = 75
"""EX_TEMPFAIL of sysexits.h."""

LIMITS = {
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "1s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""A migration that is killed, frozen or cut off lets go of its locks within seconds."""

SET_LIMIT = "SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name"
"""PostgreSQL before version 14 does not know all of them."""

Result = Literal["applied", "nothing", "skip"]


def migrate(
    url: str, *, lock_wait_seconds: float = 30, statement_timeout: str = "120s", adopt_days: float = 7
) -> Result:
    """Apply what is missing. `skip`: another process held the lock all the time, and it may not be done yet.

    Raises MigrationFailed, or one of SQLAlchemy's errors; what has been committed by then stays and is not done again.
    """
    with make_engine(url).connect() as connection:
        _limit(connection, statement_timeout)
        result = _wait_for_turn(connection, lock_wait_seconds) or _upgrade(connection, adopt_days)
    if result == "applied":
        log_event(log, logging.INFO, "MIGRATION_APPLIED", revision=revisions.all_revisions()[-1])
    else:
        log_event(log, logging.INFO, "MIGRATION_SKIPPED", reason="lock" if result == "skip" else "nothing")
    return result


def migrate_as_configured(url: str, config: Settings) -> Result:
    """As migrate, with what the environment says."""
    return migrate(
        url,
        lock_wait_seconds=config.migration_lock_wait_seconds,
        statement_timeout=config.migration_statement_timeout,
        adopt_days=config.adopt_days,
    )


def log_failure(error: BaseException) -> None:
    """Say what happened first, without the database's address: what came of it on the way out tells little."""
    while not isinstance(error, MigrationFailed | DBAPIError) and error.__context__:
        error = error.__context__
    log_event(log, logging.ERROR, "MIGRATION_FAILED", reason=type(error).__name__)
    lines = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    log.error("%s", lines[0] if lines else "It does not say why.")


def make_engine(url: str) -> Engine:
    """For one connection at a time: whoever migrates or looks at the schema needs no pool."""
    return create_engine(
        make_url(settings.with_driver(url)),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "client_encoding": "utf8",
            "options": "-c timezone=UTC",
            "application_name": "db.migrate",
        },
    )


def _limit(connection: Connection, statement_timeout: str) -> None:
    for name, value in {**LIMITS, "statement_timeout": statement_timeout}.items():
        connection.execute(text(SET_LIMIT), {"name": name, "value": value})
    connection.commit()


def _wait_for_turn(connection: Connection, seconds: float) -> Result | None:
    """None when it is our turn: we hold the lock, which goes with the connection."""
    deadline = time.monotonic() + seconds
    while True:
        if not _pending(connection):
            return "nothing"
        obtained = connection.scalar(text("SELECT pg_try_advisory_lock(:id)"), {"id": LOCK_ID})
        connection.commit()
        if obtained:
            return None
        if time.monotonic() >= deadline:
            return "skip"
        time.sleep(LOOK_EVERY_SECONDS)


def _upgrade(connection: Connection, adopt_days: float) -> Result:
    """One revision after the other; somebody may have applied them before we had the lock."""
    pending = _pending(connection)
    config = revisions.config()
    config.attributes.update(connection=connection, adopt_days=adopt_days)
    for revision in pending:
        patiently(connection, partial(command.upgrade, config, revision))
    return "applied" if pending else "nothing"


def _pending(connection: Connection) -> tuple[str, ...]:
    found = revisions.pending(revisions.current(connection))
    connection.commit()
    return found


def _check(url: str) -> bool:
    try:
        schema.check(make_engine(url))
    except schema.SchemaWrong as wrong:
        log.error("%s", wrong)
        return False
    return True


def main(arguments: list[str]) -> int:
    """What the command does; the return value is its exit status."""
    parser = argparse.ArgumentParser(prog="python -m db.migrate", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only verify the schema: exit status 0 or 1")
    wanted = parser.parse_args(arguments)
    config = settings.load()
    logs.configure(config.log_level)
    url = settings.require_database_url(config)
    try:
        result = None if wanted.check else migrate_as_configured(url, config)
        if _check(url):
            return 0
    except Exception as error:  # noqa: BLE001 - a deploy must hear of it, whatever it is
        log_failure(error)
        return 1
    return TRY_AGAIN_LATER if result == "skip" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
