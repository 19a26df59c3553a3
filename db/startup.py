"""What every process does first: see to it that the schema is right, or refuse to start."""

import logging
import sys

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from conf import settings
from conf.logs import log_event
from conf.settings import Settings
from db import migrate, schema
from db.engine import CONNECT_SECONDS

log = logging.getLogger(__name__)


def prepare_schema(config: Settings) -> None:
    """Migrate if this process is told to, then wait for the schema; stops the process when it does not become right."""
    url = settings.require_database_url(config)
    if config.run_migrations:
        _migrate(url, config)
    else:
        log_event(log, logging.DEBUG, "MIGRATION_SKIPPED", reason="disabled")
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})
    try:
        schema.wait_until_right(engine, config.migration_lock_wait_seconds)
    except schema.SchemaWrong as wrong:
        log.error("%s", wrong)
        sys.exit(1)


def _migrate(url: str, config: Settings) -> None:
    try:
        migrate.migrate(
            url,
            lock_wait_seconds=config.migration_lock_wait_seconds,
            statement_timeout=config.migration_statement_timeout,
        )
    except SQLAlchemyError as error:
        log_event(log, logging.ERROR, "MIGRATION_FAILED", reason=type(error).__name__)
        sys.exit(1)
