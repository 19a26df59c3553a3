"""Adopts everything, in batches small enough that nobody who writes to the same rows has to wait long."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError, InternalError

from conf.logs import log_event
from db.adoption import old_calls
from db.adoption.decide import Adopted, decide
from db.migrations.locks import MigrationFailed, patiently
from db.tasks import NO_BUSINESS
from db.words import Stage

log = logging.getLogger(__name__)

BEFORE_ALL = -(2**63)
"""No id is smaller."""

BATCH = 1000
"""Written in a fifth of a second or so, and so long may others have to wait for one of these rows."""

SAID_BY = "migration"

ASK_EVERY_SECONDS = 2
"""Calls that the phone company is asked for come one by one: live calls wait in the same queue, and have no time."""

FORBIDDEN = (IntegrityError, DataError, InternalError)
"""What is raised when a constraint or a trigger of the table does not take a row as we would have it."""

TYPES = {
    "recording_count": "bigint",
    "recording_fail_count": "bigint",
    "duration": "bigint",
    "audio_bytes_len": "bigint",
    "audio_duration_sec": "float8",
    "stream_duration_sec": "float8",
    "created_at": "timestamp",
    "updated_at": "timestamp",
    "stream_started_at": "timestamp",
    "stream_ended_at": "timestamp",
    "recording_last_enqueue_at": "timestamp",
    "recording_next_retry_at": "timestamp",
}
"""How values travel; what is not here is text. The columns themselves may have been made in other types."""

ADD_RECORDINGS = """INSERT INTO recording (call_id, recording_sid, status)
SELECT * FROM unnest(CAST(:calls AS bigint[]), CAST(:sids AS text[])) AS r (call_id, sid), (VALUES ('completed')) AS s
ON CONFLICT (recording_sid) DO NOTHING"""

ADD_EVENTS = """INSERT INTO call_event (call_id, event, said_by, once, detail)
SELECT call_id, 'adopted', :said_by, 'adopted', CAST(detail AS jsonb)
FROM unnest(CAST(:calls AS bigint[]), CAST(:details AS text[])) AS e (call_id, detail)
ON CONFLICT (call_id, once) DO NOTHING"""

ADD_TASKS = """INSERT INTO task (call_id, stage, business_id, due_at)
SELECT call_id, stage, business_id, clock_timestamp() + make_interval(secs => delay)
FROM unnest(CAST(:calls AS bigint[]), CAST(:stages AS text[]), CAST(:businesses AS int[]), CAST(:delays AS float8[]))
    AS t (call_id, stage, business_id, delay)
ON CONFLICT (call_id, stage) DO NOTHING"""


def adopt_calls(connection: Connection, *, adopt_days: float) -> None:
    """The connection commits each statement by itself. What an interrupted run has adopted is not looked at again.

    Raises MigrationFailed when a whole batch of rows may not be changed.
    """
    _Adoption(connection, timedelta(days=adopt_days)).run()


class _Adoption:
    """One run through call_log, by its ids."""

    def __init__(self, connection: Connection, recent: timedelta) -> None:
        self._connection, self._recent = connection, recent
        self._there = old_calls.columns_of(connection)
        self._no_time = old_calls.time_for_none(connection)
        self._contested = old_calls.contested_recordings(connection)
        self._after = BEFORE_ALL
        self._asked = 0
        self._counts: Counter[str] = Counter()

    def run(self) -> None:
        while patiently(self._connection, self._adopt_batch):
            pass
        if self._counts:
            log_event(log, logging.INFO, "CALLS_ADOPTED", **self._counts)

    def _adopt_batch(self) -> bool:
        """Whether there may be more."""
        with _transaction(self._connection):
            found = old_calls.next_batch(self._connection, self._there, after=self._after, size=BATCH)
            now = self._connection.scalar(text("SELECT timezone('utc', now())"))
            adopted = [decide(old, now=now, recent=self._recent, contested=self._contested) for old in found]
            for one in adopted:
                one.columns["created_at"] = one.columns["created_at"] or self._no_time
            left = self._write(adopted)
            if left == BATCH:
                raise MigrationFailed("No row of call_log may be changed: see the trigger or constraint named above.")
        if found:
            self._after = found[-1].id
            without = sum(not old.has["call_sid"] for old in found)
            self._counts.update(calls=len(found) - left, without_call_sid=without, left=left)
        return bool(found)

    def _write(self, adopted: Sequence[Adopted]) -> int:
        """How many rows could not be written: a constraint of the old installation forbids every change to them."""
        if not adopted:
            return 0
        try:
            with _savepoint(self._connection):
                self._write_all(adopted)
        except FORBIDDEN as error:
            if len(adopted) == 1:
                kind = type(error.orig).__name__
                log_event(log, logging.WARNING, "CALL_NOT_ADOPTED", id=adopted[0].call_id, type=kind)
                return 1
            half = len(adopted) // 2
            return self._write(adopted[:half]) + self._write(adopted[half:])
        return 0

    def _write_all(self, adopted: Sequence[Adopted]) -> None:
        self._update(adopted)
        ask = self._connection.execute
        ask(text(ADD_EVENTS), {"said_by": SAID_BY, **_events(adopted)})
        recorded = [one for one in adopted if one.recording_sid]
        calls, sids = [one.call_id for one in recorded], [one.recording_sid for one in recorded]
        ask(text(ADD_RECORDINGS), {"calls": calls, "sids": sids})
        ask(text(ADD_TASKS), self._tasks([one for one in adopted if one.stage]))

    def _update(self, adopted: Sequence[Adopted]) -> None:
        names = list(adopted[0].columns)
        arrays = ", ".join(f"CAST(:{name} AS {TYPES.get(name, 'text')}[])" for name in names)
        changes = ", ".join(f"{name} = v.{name}" for name in names)
        statement = f"""UPDATE call_log c SET {changes}
            FROM unnest(CAST(:ids AS bigint[]), {arrays}) AS v (id, {", ".join(names)}) WHERE c.id = v.id"""  # noqa: S608
        values = {name: [one.columns[name] for one in adopted] for name in names}
        self._connection.execute(text(statement), {"ids": [one.call_id for one in adopted], **values})

    def _tasks(self, opened: Sequence[Adopted]) -> dict[str, Any]:
        delays = []
        for one in opened:
            self._asked += one.stage is Stage.RECORDING
            delays.append(ASK_EVERY_SECONDS * self._asked if one.stage is Stage.RECORDING else 0)
        return {
            "calls": [one.call_id for one in opened],
            "stages": [one.stage for one in opened],
            "businesses": [one.business_id or NO_BUSINESS for one in opened],
            "delays": delays,
        }


def _events(adopted: Sequence[Adopted]) -> dict[str, Any]:
    return {
        "calls": [one.call_id for one in adopted],
        "details": [json.dumps({"was": one.was} if one.was else {}) for one in adopted],
    }


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """The connection is in autocommit, so that this is one transaction and what comes after it another."""
    connection.exec_driver_sql("BEGIN")
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("SAVEPOINT batch")
    try:
        yield
    except FORBIDDEN:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT batch")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT batch")
