"""Connections to PostgreSQL: one engine a process, made after any fork."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from db import moments, patience
from db.breaker import Breaker

POOL_SIZE = 16
"""Connections a process may hold: one for each thread of the web process that is never taken by a listener, who needs
none. The embedded server allows 100 in all; a worker uses one or two."""

CONNECT_SECONDS = 2
POOL_WAIT_SECONDS = 1

PATIENCE_SECONDS = 10
"""Of a transaction; whoever has less time says so around it."""


class DatabaseDown(SQLAlchemyError):
    """PostgreSQL has just kept somebody waiting in vain: it is not asked again for a moment."""


OUTAGES = (OperationalError, InterfaceError, PoolTimeout, DatabaseDown)
"""What is raised when PostgreSQL is down, frozen, restarting or too busy: nothing is wrong with the question."""


def connect(url: str, *, statement_seconds: float, application: str) -> Engine:
    """An engine whose statements, lock waits and forgotten transactions all end by themselves."""
    patience.listen_for_deadlines()
    moments.read_what_can_be_read()
    options = {
        "timezone": "UTC",
        "statement_timeout": f"{int(statement_seconds * 1000)}",
        "lock_timeout": f"{int(statement_seconds * 500)}",
        "idle_in_transaction_session_timeout": "10000",
    }
    engine = create_engine(
        make_url(url),
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,  # errors are logged, and parameters are what people said
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "client_encoding": "utf8",
            "application_name": application,
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )
    event.listen(engine, "handle_error", _leave_out_the_row)
    return engine


def _leave_out_the_row(context: ExceptionContext) -> None:
    """PostgreSQL says what was wrong in a line, and in those after it which row or value: what people said, their
    numbers. Errors are logged, and kept in Redis with their job, where an operator reads them."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].split("\n", 1)[0], *error.args[1:])


class Database:
    """Hands out transactions, each of which must be over in `patience_seconds`, also with a frozen server."""

    def __init__(self, engine: Engine, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.engine = engine
        self._patience_seconds = patience_seconds
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._breaker = Breaker(_is_too_late, DatabaseDown)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits when the block ends, and rolls back when it raises. Raises one of OUTAGES."""
        with self._breaker.guard(), patience.within(self._patience_seconds), self._sessions.begin() as session:
            yield session


def _is_too_late(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and isinstance(error.orig, patience.TooLate)
