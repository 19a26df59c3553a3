"""Calls that were there before anybody could search: the sweep reads them."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select, text

from db import answers, lexemes, search
from db.engine import Database
from db.models import CallLog, CallSearch, Transcript
from jobs import sweeps
from jobs.pipeline import Crew
from tests.support.calls import make_business, sid
from tests.support.crew import make_maintenance, on_duty

LONG_AGO = datetime(2019, 2, 3, tzinfo=UTC)


@pytest.fixture
def crew(database: Database, redis: Redis, tmp_path: Path) -> Crew:
    return make_maintenance(database, redis, tmp_path)


def read(crew: Crew) -> None:
    with on_duty(crew):
        sweeps.unread()


def add_old(database: Database, number: int, **texts: str) -> None:
    """A call as an old system has written it."""
    with database.transaction() as session:
        session.add(CallLog(call_sid=sid(number), created_at=LONG_AGO, **texts))


def find(database: Database, query: str) -> Sequence[str | None]:
    with database.transaction() as session:
        asked = search.question(session, None, lexemes.terms(query))
        return [call.call_sid for call in answers.newest(session, select(CallLog), asked, 50)]


@pytest.mark.parametrize("column", ["final_transcript", "transcription", "transcript", "summary"])
def test_an_old_text_is_found_whatever_column_it_is_in(column: str, database: Database, crew: Crew) -> None:
    add_old(database, 1, **{"final_transcript": " \u200f", column: "Customer: the oak table"})
    add_old(database, 2)
    assert find(database, "oak") == []

    read(crew)

    assert find(database, "oak table") == [sid(1)]
    assert find(database, "customer") == ([sid(1)] if column == "summary" else [])


def test_of_a_call_that_we_have_written_down_anew_the_old_text_is_not_found(database: Database, crew: Crew) -> None:
    add_old(database, 1, transcription="nonsense of the old system")
    with database.transaction() as session:
        call_id = session.scalars(select(CallLog.id)).one()
        session.add(Transcript(call_id=call_id, turns=[], model="tests"))

    read(crew)

    assert find(database, "nonsense") == []


def test_a_call_is_read_once(database: Database, crew: Crew) -> None:
    add_old(database, 1, summary="oak")
    read(crew)
    with database.transaction() as session:
        before = session.execute(text("SELECT xmin FROM call_search")).scalar()

    read(crew)

    with database.transaction() as session:
        assert session.execute(text("SELECT xmin FROM call_search")).scalar() == before


def test_a_call_that_somebody_is_just_writing_is_left_to_them(database: Database, crew: Crew) -> None:
    for number in (1, 2):
        add_old(database, number, summary="oak")
    with database.transaction() as session:
        search.note_the_newest(session)
    with database.transaction() as session:
        held = search.unread(session, 1)
        other = threading.Thread(target=read, args=(crew,))
        other.start()
        other.join(timeout=20)

    assert not other.is_alive()
    with database.transaction() as session:
        assert session.scalars(select(CallSearch.call_id).where(CallSearch.document.is_(None))).all() == held


def test_everything_is_read_in_the_end_the_newest_first(
    database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "READ_AT_ONCE", 2)
    monkeypatch.setattr(sweeps, "READING_SECONDS", 0)
    for number in range(1, 6):
        add_old(database, number, summary="oak")

    found = []
    for _ in range(3):
        read(crew)
        found.append(sorted(str(call) for call in find(database, "oak")))

    assert found == [[sid(number) for number in range(first, 6)] for first in (4, 2, 1)]


@pytest.mark.parametrize(
    "said", ["x" * 3_000_000, " ".join(map(str, range(400_000))), "א" * 70 + " " + "'" * 9, "\ufeff"]
)
def test_no_text_is_too_long_or_too_odd(said: str, database: Database, crew: Crew) -> None:
    add_old(database, 1, summary="oak", final_transcript=said)

    read(crew)

    assert find(database, "oak") == [sid(1)]


@pytest.mark.parametrize("near", [1, 1000])
@pytest.mark.parametrize("few", [1, 2000])
def test_each_way_to_the_answer_leads_to_the_same_one(
    near: int, few: int, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LOOKED_AT_ONE_BY_ONE", near)
    monkeypatch.setattr(answers, "FEW", few)
    business = make_business(database)
    times = [
        datetime(2025, 1, 31, tzinfo=UTC),
        datetime(2024, 12, 1, tzinfo=UTC),
        datetime(2023, 5, 5, tzinfo=UTC),
        None,
    ]
    with database.transaction() as session:
        for number, at in enumerate(sorted(times * 2, key=str, reverse=True)):
            columns = {"created_at": at, "business_id": business, "summary": "oak" if number % 2 else "elm oak"}
            session.add(CallLog(call_sid=sid(number), **columns))
            session.flush()
        session.execute(
            text("UPDATE call_log SET created_at = NULL WHERE call_sid IN (:a, :b)"), {"a": sid(0), "b": sid(1)}
        )
    read(crew)

    oaks, elms = find(database, "oak"), find(database, "elm")

    assert oaks == [sid(number) for number in (2, 3, 4, 5, 6, 7, 0, 1)]
    assert elms == [sid(number) for number in (2, 4, 6, 0)]
