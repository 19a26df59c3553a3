"""Indexes built beside whoever writes to the table; what a killed build has left is built anew."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alembic import op
from sqlalchemy import Connection, text

from db import schema
from db.migrations.locks import MigrationFailed
from db.models import HAS_CALL_SID

BUILD_TIMEOUT = "4h"
"""A hundred million rows take an hour; nobody waits for it but us."""

UNIQUE_CALL_SID = ("uniq_call_log_call_sid", "uniq_call_log_call_sid_given")

DOUBLED = f"""SELECT quote_literal(call_sid) FROM call_log WHERE {HAS_CALL_SID} GROUP BY call_sid HAVING count(*) > 1
ORDER BY call_sid LIMIT 3"""  # noqa: S608


@contextmanager
def in_their_own_time(connection: Connection) -> Iterator[None]:
    """Building beside others waits for their transactions and holds nobody up: it may take long."""
    before = [connection.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")]
    _limit(connection, BUILD_TIMEOUT, "0")
    yield
    _limit(connection, *before)


def _limit(connection: Connection, statement: str, lock: str) -> None:
    connection.execute(
        text("SELECT set_config('statement_timeout', :statement, false), set_config('lock_timeout', :lock, false)"),
        {"statement": statement, "lock": lock},
    )


def ensure(connection: Connection, name: str, definition: str, *, kind: str = "INDEX") -> None:
    """Build an index of call_log, unless there is a valid one of that name."""
    valid = connection.scalar(
        text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name}
    )
    if valid is False:
        connection.execute(text(f"DROP INDEX CONCURRENTLY {name}"))
    if not valid:
        connection.execute(text(f"CREATE {kind} CONCURRENTLY {name} ON call_log {definition}"))


def build(definitions: Mapping[str, str]) -> None:
    """Build those that are not there, beside whoever writes to the table."""
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        with in_their_own_time(connection):
            for name, definition in definitions.items():
                ensure(connection, name, definition)


def refuse_doubled(connection: Connection) -> None:
    """Raises MigrationFailed where two calls have one CallSid: none of them is ours to drop."""
    doubled = [] if schema.has_unique_call_sid(connection) else connection.scalars(text(DOUBLED)).all()
    if doubled:
        raise MigrationFailed(
            f"call_log has several rows with the same call_sid, e.g. {', '.join(doubled)}. Decide which row is the"
            " call, set call_sid to '' in the others and where it is only blanks (they stay listed), and run again."
        )


def ensure_unique_call_sid(connection: Connection) -> None:
    """No two calls with one CallSid, by an index that serves where we ask for it."""
    if schema.has_unique_call_sid(connection):
        return
    refuse_doubled(connection)
    for name in UNIQUE_CALL_SID:  # the first name may be taken by one that does not serve
        ensure(connection, name, f"(call_sid) WHERE {HAS_CALL_SID}", kind="UNIQUE INDEX")
        if schema.has_unique_call_sid(connection):
            return
