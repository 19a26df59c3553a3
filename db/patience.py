"""Waiting for PostgreSQL, but never longer than whoever asks has time.

A frozen server keeps its timeouts to itself: they live in it. psycopg2 lets us wait for its sockets ourselves.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from psycopg2 import OperationalError, errors, extensions
from sqlalchemy import func, true
from sqlalchemy import select as select_sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

READY_FOR = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}


class TooLate(OperationalError):
    """PostgreSQL did not answer in time. What was asked may happen all the same, once it goes on."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Have everything asked in this block answered in so many seconds, or fewer where a block around it says so."""
    outer, inner = _deadline.get(), time.monotonic() + seconds
    token = _deadline.set(inner if outer is None else min(outer, inner))
    try:
        yield
    finally:
        _deadline.reset(token)


def limit_statements(session: Session, seconds: float) -> None:
    """Have PostgreSQL itself end each statement of the transaction by then; that is no outage (see is_too_much)."""
    limit = f"{int(seconds * 1000)}ms"
    session.execute(select_sql(func.set_config("statement_timeout", limit, true())))


def is_too_much(error: DBAPIError) -> bool:
    """Whether a statement took longer than its transaction allows."""
    return isinstance(error.orig, errors.QueryCanceled)


@contextmanager
def paused() -> Iterator[None]:
    """What is done in this block takes its time without PostgreSQL, which is not to be blamed for it afterwards."""
    began = time.monotonic()
    try:
        yield
    finally:
        deadline = _deadline.get()
        _deadline.set(deadline and deadline + time.monotonic() - began)


def listen_for_deadlines() -> None:
    """Have every connection of this process wait through us."""
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    while (state := connection.poll()) != extensions.POLL_OK:
        socket = select.poll()
        socket.register(connection.fileno(), READY_FOR[state])
        if not socket.poll(_milliseconds_left()):
            raise TooLate("PostgreSQL did not answer in time")


def _milliseconds_left() -> float | None:
    """None where nobody is waiting: then there is time without end."""
    deadline = _deadline.get()
    return None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
