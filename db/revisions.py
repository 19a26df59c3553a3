"""Which revisions of the schema there are, and which one a database is at."""

from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from conf.settings import ROOT

VERSION_TABLE = "second_zero_schema"
"""A name of our own: an old installation may keep its own revisions in alembic_version."""


def config() -> Config:
    """Alembic's configuration; it reads no file."""
    found = Config()
    found.set_main_option("script_location", str(ROOT / "db" / "migrations"))
    return found


@cache
def all_revisions() -> tuple[str, ...]:
    """Oldest first."""
    scripts = ScriptDirectory.from_config(config())
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def current(connection: Connection) -> str | None:
    """The revision the database is at; None before the first."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def pending(revision: str | None) -> tuple[str, ...]:
    """What is still to be applied; nothing to a database that a newer version of ours has been at."""
    if revision is None:
        return all_revisions()
    known = all_revisions()
    return known[known.index(revision) + 1 :] if revision in known else ()
