"""Among many calls, those that are wanted are found by an index, not by reading all of them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db import clock, counts, durations, vitals
from db.engine import Database
from db.models import CallLog
from db.words import Role
from tests.conftest import execute
from tests.support.people import People
from web import loader
from web.auth import Reader
from web.days import Days

THEM = "+14155550007"
MANY = text(
    """INSERT INTO call_log (business_id, call_sid, parent_call_sid, from_number, direction, call_status, created_at,
        recording_status, recording_download_status, transcript_status, summary_status, outcome)
    SELECT :business, 'CA' || lpad(to_hex(n), 32, '0'),
        CASE WHEN n % 1000 = 0 THEN 'CA' || lpad(to_hex(n - 1), 32, '0') END,
        '+1415555' || lpad((n % 5000)::text, 4, '0'), 'inbound', 'completed',
        timezone('utc', now()) - make_interval(mins => n), 'completed', 'ready', 'completed',
        CASE WHEN n % 1000 = 1 THEN 'failed' ELSE 'completed' END, CASE WHEN n % 1000 = 1 THEN 'gave_up' END
    FROM generate_series(1, 20000) AS n"""
)


@pytest.fixture
def session(database: Database, database_url: str, new_indexes: None, people: People) -> Iterator[Session]:
    """Twenty thousand calls of Alice's, of two weeks."""
    with database.transaction() as session:
        session.execute(MANY, {"business": people.alice.business_id})
    execute(database_url, "VACUUM ANALYZE call_log")  # as it comes about by itself where there are many
    with database.transaction() as session:
        yield session


@pytest.fixture
def alice(people: People) -> Reader:
    return Reader(1, people.alice.email, Role.MANAGER, people.alice.business_id)


def is_found_by(session: Session, index: str) -> bool:
    """Whether this transaction has read in that index, and never the whole table."""
    scans = text("SELECT pg_stat_get_xact_numscans(CAST(:name AS regclass))")
    times = {name: session.scalars(scans, {"name": name}).one() for name in (index, "call_log")}
    return times[index] > 0 and times["call_log"] == 0


def test_a_lead_s_calls(session: Session, alice: Reader) -> None:
    found = loader.calls_with(session, alice, THEM, limit=50)

    assert len(found) == 4
    assert is_found_by(session, "ix_call_log_lead")


def test_legs(session: Session, alice: Reader) -> None:
    whole = session.scalars(select(CallLog).where(CallLog.call_sid == f"CA{999:032x}")).all()

    assert len(loader.legs_of(session, alice, whole)) == 1
    assert is_found_by(session, "ix_call_log_legs")


def test_calls_that_failed(session: Session, alice: Reader) -> None:
    found = loader.failed_calls(session, loader.scope_of(session, alice), limit=30)

    assert len(found) == 20
    assert is_found_by(session, "ix_call_log_failed")


def test_what_metrics_and_alerts_are_about(session: Session) -> None:
    asked: dict[Callable[[Session], Any], str] = {
        vitals.calls_by_end: "ix_call_log_counted",
        vitals.recordings: "ix_call_log_counted",
        vitals.given_up: "ix_call_log_failed",
        vitals.doubled: "ix_call_log_doubled",
        vitals.stage_durations: "ix_call_log_newest",
        partial(vitals.blamed_on, sentence="no."): "ix_call_log_unfinished",
    }
    for ask, index in asked.items():
        ask(session)
        assert is_found_by(session, index), index


def test_numbers_of_days(session: Session, alice: Reader) -> None:
    scope, days = loader.scope_of(session, alice), Days.until(clock.now(session), 7, "UTC")

    groups = counts.count(session, scope.calls, days.spans)
    took = durations.measure(session, scope.calls, days.spans)

    assert sum(group.calls for group in groups) > 6 * 24 * 60 * 0.99
    assert took[None].end_to_text.calls == 0
    assert is_found_by(session, "ix_call_log_counted")
