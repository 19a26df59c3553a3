"""Does the database have what the models need? Every process asks before it does anything else."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Dialect, Engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeEngine

from db.models import Base

REMEDY = "python -m db.migrate"
LOOK_EVERY_SECONDS = 0.5

FAMILIES = (
    {"SMALLINT", "INTEGER", "BIGINT"},
    {"VARCHAR", "TEXT"},
    {"DOUBLE PRECISION", "REAL", "NUMERIC"},
    {"JSON", "JSONB"},
)
"""Types of one family serve each other: old installations chose differently."""


class SchemaWrong(Exception):
    """The database is not as the models need it; the message says where, and what mends it."""


@dataclass(frozen=True)
class Difference:
    """One place where the database is not as the models need it."""

    table: str
    column: str | None
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"{self.table}.{self.column}" if self.column else self.table
        return f"{place}: expected {self.expected}, found {self.found}"


def differences(connection: Connection) -> list[Difference]:
    """What is missing or of another kind; further tables and columns are fine."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    found: list[Difference] = []
    for table in Base.metadata.sorted_tables:
        if table.name not in there:
            found.append(Difference(table.name, None, "a table", "nothing"))
            continue
        columns = {column["name"]: column["type"] for column in inspector.get_columns(table.name)}
        for wanted in table.columns:
            expected = kind(wanted.type, connection.dialect)
            actual = kind(columns[wanted.name], connection.dialect) if wanted.name in columns else "nothing"
            if not serves(actual, expected):
                found.append(Difference(table.name, wanted.name, expected, actual))
    return found


def kind(column_type: TypeEngine[object], dialect: Dialect) -> str:
    """PostgreSQL's name of a type, without lengths."""
    name, _, rest = column_type.compile(dialect=dialect).partition("(")
    return (name + rest.partition(")")[2]).strip()


def serves(actual: str, expected: str) -> bool:
    """Whether a column of one type can hold what the other is for."""
    return actual == expected or any(actual in family and expected in family for family in FAMILIES)


def check(engine: Engine) -> None:
    """Raise SchemaWrong, naming the first differences, when the schema is not right."""
    with engine.connect() as connection:
        found = differences(connection)
    if found:
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        places = "; ".join(map(str, found[:3]))
        raise SchemaWrong(f"The database schema is not right: {places}{more}. Run: {REMEDY}")


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
