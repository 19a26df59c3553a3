"""Lists of calls: narrowed to what has failed as its badges say, and read from indexes whatever is asked."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from sqlalchemy.engine import Connection

from db.engine import Database
from db.models import CallLog
from db.words import DownloadStatus, Outcome, RecordingStatus, Role, TextStatus
from tests.support.calls import sid
from tests.support.people import People
from tests.web import rows
from web import loader
from web.auth import Reader
from web.badges import badges_of
from web.cursor import Cursor

NOW = datetime.now(UTC)
STAGES = ("recording", "transcript", "summary")
COLUMNS = (
    "recording_status",
    "recording_download_status",
    "recording_next_retry_at",
    "transcript_status",
    "summary_status",
    "outcome",
)
LIVES = list(
    product(
        (RecordingStatus.COMPLETED, RecordingStatus.FAILED, RecordingStatus.PENDING),
        (DownloadStatus.READY, DownloadStatus.FAILED),
        (None, NOW),
        (TextStatus.COMPLETED, TextStatus.FAILED),
        (TextStatus.PENDING, TextStatus.FAILED),
        (None, *Outcome),
    )
)
"""Of these columns; also such as should never be."""

MANY = """
INSERT INTO call_log (call_sid, business_id, direction, call_status, created_at, recording_status,
    recording_download_status, transcript_status, summary_status, outcome)
SELECT 'CA' || lpad(to_hex(n), 32, '0'), CASE WHEN n % 7 > 0 THEN :business END,
    CASE WHEN n % 500 = 0 THEN 'outbound' ELSE 'inbound' END, CASE WHEN n % 300 = 0 THEN 'busy' ELSE 'completed' END,
    CASE WHEN n % 100 > 0 THEN timezone('utc', now()) - n * interval '1 minute' END,
    'completed', 'ready', 'completed', CASE WHEN n % 400 = 1 THEN 'failed' ELSE 'completed' END,
    CASE WHEN n % 400 = 1 THEN 'gave_up' END
FROM generate_series(1, 30000) n
"""
"""Most are of one business, some of none; a few are outbound, busy or failed, or have no time."""

QUESTIONS = [
    {},
    {"status": "busy"},
    {"status": "completed"},
    {"direction": "outbound"},
    {"direction": "inbound"},
    *({"stage_failed": stage} for stage in STAGES),
    {"status": "busy", "direction": "inbound"},
    {"stage_failed": "summary", "status": "completed"},
]
PLACES = [None, NOW - timedelta(days=1), NOW - timedelta(days=20), NOW - timedelta(days=365)]
"""The beginning, the middle, near the end, and behind the last call that has a time."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_failed_where_its_badge_says_so(stage: str, app: Flask, database: Database, people: People) -> None:
    with database.transaction() as session:
        for number, life in enumerate(LIVES):
            known = dict(zip(COLUMNS, life, strict=True))
            session.add(CallLog(call_sid=sid(number), business_id=people.alice.business_id, **known))
    with app.test_request_context("/?lang=en"):
        failed = {sid(number) for number, life in enumerate(LIVES) if state_of(stage, life) == "failed"}

    with database.transaction() as session:
        found = loader.recent_calls(session, operator(), limit=len(LIVES), stage_failed=stage)

    assert {call.call_sid for call in found} == failed


def state_of(stage: str, life: Sequence[Any]) -> str:
    shown = dict(zip(COLUMNS, life, strict=True)) | {"progress": None}
    return next(badge.state for badge in badges_of(shown) if badge.stage == stage)


def operator() -> Reader:
    return Reader(1, "operator@example.com", Role.OPERATOR, None)


def manager(business_id: int) -> Reader:
    return Reader(1, "manager@example.com", Role.MANAGER, business_id)


def test_a_list_can_be_narrowed_to_what_has_failed(client: FlaskClient, people: People, database: Database) -> None:
    ready = {"recording_status": "completed", "recording_download_status": "ready", "transcript_status": "completed"}
    failed = ready | {"summary_status": "failed", "outcome": "gave_up"}
    rows.add_call(database, people.alice.business_id, 1, **failed)
    rows.add_call(database, people.alice.business_id, 2, **ready)
    rows.add_call(database, people.bob.business_id, 3, **failed)

    def listed(stage: str) -> list[str]:
        answer = client.get(f"/api/calls?stage_failed={stage}", headers=people.alice.headers)
        return [call["call_sid"] for call in answer.get_json()["calls"]]

    assert (listed("summary"), listed("transcript"), listed("recording")) == ([sid(1)], [], [])
    assert client.get("/api/calls?stage_failed=download", headers=people.alice.headers).status_code == 400


@pytest.fixture
def stored(database: Database, new_indexes: None, people: People) -> int:
    """A business with many calls."""
    with database.transaction() as session:
        session.execute(text(MANY), {"business": people.alice.business_id})
        session.execute(text("ANALYZE call_log"))
    return people.alice.business_id


def test_every_list_is_read_from_an_index_in_its_order(database: Database, stored: int) -> None:
    for question, who, at in product(QUESTIONS, (operator(), manager(stored)), PLACES):
        with database.transaction() as session, explained(database) as plans:
            loader.recent_calls(session, who, limit=20, after=Cursor(at, 1) if at else None, **question)

        for plan in plans:
            assert "Seq Scan" not in plan, (question, who.role, at, plan)
            assert "Sort" not in plan, (question, who.role, at, plan)


@contextmanager
def explained(database: Database) -> Iterator[list[str]]:
    """How PostgreSQL answers every question that is asked in the block."""
    plans: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        with closing(connection.connection.cursor()) as aside:
            aside.execute(f"EXPLAIN {statement}", parameters)
            plans.append("\n".join(line for (line,) in aside.fetchall()))

    event.listen(database.engine, "before_cursor_execute", explain)
    yield plans
    event.remove(database.engine, "before_cursor_execute", explain)


def test_pages_behind_the_last_call_with_a_time_go_on_with_those_that_have_none(
    database: Database, stored: int
) -> None:
    expected = select(CallLog.id).where(CallLog.business_id == stored).order_by(*loader.NEWEST_FIRST)
    found: list[int] = []
    with database.transaction() as session:
        everything = session.scalars(expected).all()
        place: Cursor | None = Cursor(NOW - timedelta(days=20), 1)
        while page := loader.recent_calls(session, manager(stored), limit=70, after=place):
            found += [call.id for call in page]
            place = Cursor.of(page[-1])

    assert found == everything[-len(found) :]
    assert len(found) > len(everything) - everything.index(found[0]) - 1 > 300
