"""What every process does first: see to it that the schema is right, or refuse to start."""

import logging
import sys
import time

from sqlalchemy.exc import SQLAlchemyError

from conf import settings
from conf.logs import log_event
from conf.settings import Settings
from db import migrate, schema
from db.migrations.locks import MigrationFailed

log = logging.getLogger(__name__)


def prepare_schema(config: Settings) -> None:
    """Migrate if this process is told to, then wait for the schema; stops the process when it does not become right.

    Whoever has waited for the lock does not wait as long again for the schema.
    """
    url = settings.require_database_url(config)
    deadline = time.monotonic() + config.migration_lock_wait_seconds
    if config.run_migrations:
        _migrate(url, config)
    else:
        log_event(log, logging.INFO, "MIGRATION_SKIPPED", reason="disabled")
    try:
        schema.wait_until_right(migrate.make_engine(url), deadline - time.monotonic())
    except schema.SchemaWrong as wrong:
        log.error("%s", wrong)
        sys.exit(1)


def _migrate(url: str, config: Settings) -> None:
    try:
        migrate.migrate_as_configured(url, config)
    except (SQLAlchemyError, MigrationFailed) as error:
        migrate.log_failure(error)
        sys.exit(1)
