"""Real web processes, ours and the floor's, on servers of their own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from sqlalchemy import text

from conf.settings import with_driver
from db import migrate
from db.engine import Database, connect
from launch import embedded
from tests.support.web_process import WebProcess, serving

FLOOR, FLOOR_IS_READY = "benchmarks.web.floor", "/poll"
STATEMENT_SECONDS = 1200
"""A million rows are written in one."""


@dataclass(frozen=True)
class House:
    """A folder, and servers, for everything that is measured."""

    folder: Path
    postgres_url: str
    redis_url: str


@dataclass(frozen=True)
class Store:
    """A database of the house, with a folder of its own."""

    folder: Path
    url: str
    redis_url: str
    database: Database

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    def run(self, *statements: str) -> None:
        """Each by itself, however long it takes."""
        with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(text(statement))


@contextmanager
def house() -> Iterator[House]:
    """Servers until the block ends."""
    with tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with embedded.postgres(folder / "postgres") as postgres_url, embedded.valkey(folder / "valkey") as redis_url:
            yield House(folder, postgres_url, redis_url)


@contextmanager
def store(house: House, name: str) -> Iterator[Store]:
    """A database with the schema, until the block ends."""
    _run(house.postgres_url, f"CREATE DATABASE {name}")
    url = house.postgres_url.replace("/postgres?", f"/{name}?")
    migrate.migrate(url)
    engine = connect(with_driver(url), statement_seconds=STATEMENT_SECONDS, application="bench")
    folder = house.folder / name
    folder.mkdir()
    yield Store(folder, url, house.redis_url, Database(engine))
    engine.dispose()
    _run(house.postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()


@contextmanager
def ours(store: Store) -> Iterator[WebProcess]:
    """Our web process as it is deployed, until the block ends."""
    with serving(store.folder, store.url, store.redis_url) as process:
        yield process


@contextmanager
def floor(store: Store) -> Iterator[WebProcess]:
    """The floor's, under the same gunicorn."""
    with serving(store.folder, store.url, store.redis_url, FLOOR, FLOOR_IS_READY) as process:
        yield process
