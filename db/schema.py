"""Does the database have what the models need? Every process asks before it does anything else."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Engine, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.types import TypeEngine

from db import revisions
from db.models import AS_THEY_ARE, HAS_CALL_SID, Base, CallLog
from db.stages import LONGEST_ERROR
from db.words import CALL_STATUS_ORDER, DownloadStatus, Outcome, RecordingMode, RecordingStatus, TextStatus

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
REMEDY = "python -m db.migrate"
LOOK_EVERY_SECONDS = 0.5
PATIENCE = "SELECT set_config('lock_timeout', '500ms', true), set_config('statement_timeout', '5s', true)"
"""Somebody who alters a table may hold it for long: then it is not right yet, whatever it looks like."""

SHOWN = 3
"""Differences that a message names; with so many the reader knows what to do."""

SERVES = {
    "INTEGER": {"SMALLINT", "BIGINT"},
    "BIGINT": {"INTEGER"},
    "SMALLINT": {"INTEGER", "BIGINT"},
    "VARCHAR": {"TEXT", "CHARACTER"},
    "TEXT": {"VARCHAR"},
    "DOUBLE PRECISION": {"REAL", "NUMERIC", "INTEGER", "BIGINT"},
    "TIMESTAMP WITHOUT TIME ZONE": {"TIMESTAMP WITH TIME ZONE"},
    "JSONB": {"JSON"},
}
"""Types that serve as well as the one the models name: old installations chose differently."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "call_status": tuple(CALL_STATUS_ORDER),
    "direction": ("inbound", "outbound"),
    "recording_status": tuple(RecordingStatus),
    "recording_download_status": tuple(DownloadStatus),
    "transcript_status": tuple(TextStatus),
    "summary_status": tuple(TextStatus),
    "outcome": tuple(Outcome),
    "recording_mode": tuple(RecordingMode),
    "transcript_source": ("recording", "failed"),
    "estimated_cost_bucket": ("LOW", "MED", "HIGH"),
}
COUNTS = (
    "retry_count",
    "recording_count",
    "recording_fail_count",
    "stream_connect_count",
    "webhook_11205_count",
    "webhook_retry_count",
)
WRITTEN: Mapping[str, tuple[object, ...]] = {**WORDS, **dict.fromkeys(COUNTS, (0, 1, 2, 10))}
"""What we write into columns that an old installation may have constraints on."""

SID, UNLIMITED = 34, 2**31
LEAST_LENGTHS = {
    "call_sid": SID,
    "parent_call_sid": SID,
    "recording_sid": SID,
    "last_error": LONGEST_ERROR,
    "summary": UNLIMITED,
    "final_transcript": UNLIMITED,
} | {column: max(map(len, words)) for column, words in WORDS.items()}
"""Characters of what we write into columns of call_log."""

FILLED = {"call_sid", "updated_at"}
"""Columns that may be NULL, and that we never leave so."""

COLUMNS = """SELECT wanted.name AS table, a.attname AS name, upper(format_type(a.atttypid, NULL)) AS type,
    a.attnotnull AS not_null, a.atthasdef OR a.attidentity <> '' AS has_default,
    CASE WHEN a.atttypid = 'varchar'::regtype AND a.atttypmod > 0 THEN a.atttypmod - 4 END AS length
FROM unnest(CAST(:tables AS text[])) AS wanted (name)
JOIN pg_attribute a ON a.attrelid = to_regclass(wanted.name) AND a.attnum > 0 AND NOT a.attisdropped"""

CHECKS = """SELECT c.conname AS name, pg_get_constraintdef(c.oid) AS definition,
    pg_get_expr(c.conbin, c.conrelid) AS expression,
    array_agg(CAST(a.attname AS text)) AS columns, array_agg(format_type(a.atttypid, NULL)) AS types
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
WHERE c.contype = 'c' AND c.conrelid = to_regclass('call_log') GROUP BY c.oid"""

FINDS_BY_CALL_SID = (
    f"EXPLAIN INSERT INTO call_log (call_sid) VALUES ('') ON CONFLICT (call_sid) WHERE {HAS_CALL_SID} DO NOTHING"  # noqa: S608
)
"""Planned, not run: PostgreSQL says whether some unique index serves."""


class SchemaWrong(Exception):
    """The database is not as the models need it; the message says where, and what mends it."""


class Found(NamedTuple):
    """A column as the database has it."""

    type: str
    not_null: bool
    has_default: bool
    length: int | None


@dataclass(frozen=True)
class Difference:
    """One place where the database is not as the models need it, and what mends it."""

    table: str
    column: str | None
    expected: str
    found: str
    remedy: str = REMEDY

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: expected {self.expected}, found {self.found}"


def differences(connection: Connection) -> list[Difference]:
    """What is missing or of another kind, and constraints we would break; further tables and columns are fine."""
    connection.execute(text(PATIENCE))
    return [*_revision(connection), *_tables(connection), *_checks(connection), *_unique(connection)]


def rules_in_the_way(connection: Connection) -> list[Difference]:
    """Of an old table, before its calls are adopted: what would not take what we write, and no revision mends."""
    found = [*_tables(connection), *_checks(connection)]
    return [difference for difference in found if difference.remedy != REMEDY]


def _revision(connection: Connection) -> Iterator[Difference]:
    """All columns may be there while the calls of an old installation are still being adopted."""
    found = revisions.current(connection)
    if revisions.pending(found):
        yield Difference(revisions.VERSION_TABLE, None, f"revision {revisions.all_revisions()[-1]}", found or "none")


def _tables(connection: Connection) -> Iterator[Difference]:
    tables = Base.metadata.sorted_tables
    there: dict[str, dict[str, Found]] = {table.name: {} for table in tables}
    for row in connection.execute(text(COLUMNS), {"tables": list(there)}):
        kind = row.type.replace("CHARACTER VARYING", "VARCHAR")
        there[row.table][row.name] = Found(kind, row.not_null, row.has_default, row.length)
    for table in tables:
        if not there[table.name]:
            yield Difference(table.name, None, "a table", "nothing")
        elif AS_THEY_ARE not in table.info:
            yield from _columns(table, there[table.name])


def _columns(table: Table, there: Mapping[str, Found]) -> Iterator[Difference]:
    for column in table.columns:
        if column.name not in there:
            yield Difference(table.name, column.name, kind(column.type), "nothing")
        else:
            yield from _column(table.name, column, there[column.name])
    for name, found in there.items() if table.name == CallLog.__tablename__ else ():
        if name not in table.columns and found.not_null and not found.has_default:
            yield _must_be_nullable(table.name, name, "nullable, or with a default")


def _column(table: str, column: "Column[Any]", found: Found) -> Iterator[Difference]:
    expected = kind(column.type)
    if not serves(found.type, expected):
        mend = f"ALTER TABLE {table} ALTER COLUMN {column.name} TYPE {expected} USING {column.name}::{expected}"
        yield Difference(table, column.name, expected, found.type, mend)
    if table != CallLog.__tablename__:
        return
    if found.not_null and column.nullable and column.server_default is None and column.name not in FILLED:
        yield _must_be_nullable(table, column.name, "nullable")
    if found.length is not None and found.length < LEAST_LENGTHS.get(column.name, 0):
        mend = f"ALTER TABLE {table} ALTER COLUMN {column.name} TYPE {column.type}"
        yield Difference(table, column.name, str(column.type), f"VARCHAR({found.length})", mend)


def _must_be_nullable(table: str, column: str, expected: str) -> Difference:
    mend = f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL"
    return Difference(table, column, expected, "NOT NULL", mend)


def _checks(connection: Connection) -> Iterator[Difference]:
    """Old rules that forbid what we write."""
    for check in connection.execute(text(CHECKS)).all():
        types = dict(zip(check.columns, check.types, strict=True))
        refused = next(_refused(connection, check.expression, types), None)
        if refused:
            column, value = refused
            mend = f"ALTER TABLE call_log DROP CONSTRAINT {check.name}"
            yield Difference(CallLog.__tablename__, column, f"room for {value}", check.definition, mend)


def _refused(connection: Connection, expression: str, types: Mapping[str, str]) -> Iterator[tuple[str, object]]:
    """Columns with values of ours that a rule does not let through, whatever the other columns hold."""
    for column in types:
        row = ", ".join(
            f"CAST({'%s' if name == column else 'NULL'} AS {kind}) AS {name}" for name, kind in types.items()
        )
        probe = f"SELECT {expression.replace('%', '%%')} FROM (SELECT {row}) AS call_log"  # noqa: S608
        for value in WRITTEN.get(column, ()):
            if connection.exec_driver_sql(probe, (value,)).scalar() is False:
                yield column, value


def _unique(connection: Connection) -> Iterator[Difference]:
    if not has_unique_call_sid(connection):
        yield Difference("call_log", "call_sid", f"a unique index for {HAS_CALL_SID}", "none")


def has_unique_call_sid(connection: Connection) -> bool:
    """Whether a call is found, and not made twice, by its CallSid. "No" ends the transaction: it is asked last."""
    try:
        connection.execute(text(FINDS_BY_CALL_SID))
    except ProgrammingError:  # there is no unique or exclusion constraint matching the ON CONFLICT specification
        return False
    return True


def kind(column_type: TypeEngine[object]) -> str:
    """PostgreSQL's name of a type, without lengths."""
    name, _, rest = str(column_type.compile(dialect=DIALECT)).partition("(")
    return (name + rest.partition(")")[2]).strip()


def serves(actual: str, expected: str) -> bool:
    """Whether a column of one type can hold what the other is for."""
    return actual == expected or actual in SERVES.get(expected, ())


def check(engine: Engine) -> None:
    """Raise SchemaWrong, naming the first differences, when the schema is not right."""
    with engine.connect() as connection:
        try:
            found = differences(connection)
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) is None:
                raise  # nobody answers
            raise SchemaWrong(f"The tables are being altered just now. Wait, or run: {REMEDY}") from error
    if found:
        raise SchemaWrong(told(found))


def told(found: list[Difference]) -> str:
    """What differs, and what mends it."""
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    places = "; ".join(map(str, found[:SHOWN]))
    mends = dict.fromkeys(difference.remedy for difference in found)
    remedy = REMEDY if REMEDY in mends else "; ".join(mends)
    return f"The database schema is not right: {places}{more}. Run: {remedy}"


def wait_until_right(engine: Engine, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Give whoever migrates up to `seconds` to finish; then raise SchemaWrong, or say that nobody answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check(engine)
        except SchemaWrong:
            if time.monotonic() >= deadline:
                raise
        except OperationalError as error:
            if time.monotonic() >= deadline:
                raise SchemaWrong(
                    "PostgreSQL does not answer at DATABASE_URL. Start it or correct DATABASE_URL."
                ) from error
        sleep(LOOK_EVERY_SECONDS)
