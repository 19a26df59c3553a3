"""Calls that are not finished and in nobody's line get back into one."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import delete, select, text, update

from db import stages, tasks
from db.engine import Database
from db.events import Event
from db.models import CallEvent, CallLog, Recording, SweepRun, Transcript
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus
from jobs import sweeps
from tests.support.calls import sid
from tests.support.crew import make_maintenance, on_duty

STUCK_SECONDS = 600
JUST_NOW, AN_HOUR_AGO, A_MONTH_AGO = "1 second", "1 hour", "30 days"

DONE = {
    "recording_status": RecordingStatus.COMPLETED,
    "recording_download_status": DownloadStatus.READY,
    "transcript_status": TextStatus.COMPLETED,
    "summary_status": TextStatus.COMPLETED,
}


def make_call(database: Database, *, age: str = AN_HOUR_AGO, has_recording: bool = True, **columns: Any) -> None:
    """A finished call but for these columns, and in nobody's line."""
    with database.transaction() as session:
        call = CallLog(call_sid=sid(1), recording_sid="RE1", call_status="completed", **DONE | columns)
        session.add(call)
        session.flush()
        session.execute(text(f"UPDATE call_log SET created_at = timezone('utc', now()) - interval '{age}'"))
        if has_recording:
            session.add(Recording(call_id=call.id, recording_sid="RE1", status="completed"))
        session.add(Transcript(call_id=call.id, turns=[{"speaker": "customer", "text": "Hello"}], model="a model"))


def sweep(database: Database, redis: Redis, folder: Path) -> dict[str, bool]:
    """The stages that are open afterwards, and whether each has a job."""
    crew = make_maintenance(database, redis, folder, stuck=STUCK_SECONDS)
    with on_duty(crew):
        sweeps.unlisted()
    with database.transaction() as session:
        call = session.scalars(select(CallLog)).one()
        return {stage: task.enqueued_at is not None for stage, task in tasks.open_stages(session, call).items()}


@pytest.mark.parametrize(
    ("columns", "stage"),
    [
        ({"recording_status": "pending"}, Stage.RECORDING),
        ({"recording_status": "recording"}, Stage.RECORDING),
        ({"recording_download_status": "missing"}, Stage.DOWNLOAD),
        ({"recording_download_status": "queued"}, Stage.DOWNLOAD),
        ({"recording_download_status": "downloading"}, Stage.DOWNLOAD),
        ({"recording_download_status": "missing", "transcript_status": "failed"}, Stage.DOWNLOAD),
        ({"transcript_status": "pending", "summary_status": "pending"}, Stage.TRANSCRIPT),
        ({"transcript_status": "processing", "summary_status": "pending"}, Stage.TRANSCRIPT),
        ({"summary_status": "pending"}, Stage.SUMMARY),
        ({"summary_status": "processing"}, Stage.SUMMARY),
    ],
)
def test_a_row_set_back_by_hand_goes_on_from_there(
    columns: dict[str, str], stage: Stage, database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call(database, **columns)

    assert sweep(database, redis, tmp_path) == {stage: True}
    with database.transaction() as session:
        assert session.scalars(select(CallEvent.event)).all() == [Event.REPAIRED]
        assert session.scalars(select(SweepRun.repaired)).all() == [1]


def test_a_completed_recording_that_we_know_nothing_of_is_asked_for(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call(database, has_recording=False, recording_download_status="missing")

    assert sweep(database, redis, tmp_path) == {Stage.RECORDING: True}


@pytest.mark.parametrize(
    ("age", "columns"),
    [
        (AN_HOUR_AGO, {}),
        (AN_HOUR_AGO, {"recording_status": "failed", "recording_download_status": "missing"}),
        (A_MONTH_AGO, {"recording_download_status": "missing", "transcript_status": "pending"}),
        (JUST_NOW, {"recording_status": "pending", "transcript_status": "pending"}),
    ],
    ids=["finished", "never recorded", "older than ADOPT_DAYS", "just beginning"],
)
def test_a_call_that_waits_for_nothing_is_left_alone(
    age: str, columns: dict[str, str], database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call(database, age=age, **columns)

    assert sweep(database, redis, tmp_path) == {}


def test_a_call_that_is_in_line_stays_where_it_is(database: Database, redis: Redis, tmp_path: Path) -> None:
    make_call(database, transcript_status="pending")
    with database.transaction() as session:
        tasks.open_task(session, session.scalars(select(CallLog)).one(), Stage.TRANSCRIPT, due_in=60)

    assert sweep(database, redis, tmp_path) == {Stage.TRANSCRIPT: False}
    with database.transaction() as session:
        assert session.scalars(select(CallEvent.event)).all() == []


def test_rows_of_an_older_system_without_a_call_sid_are_left_alone(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call(database, summary_status="pending")
    with database.transaction() as session:
        session.execute(update(CallLog).values(call_sid=None))

    assert sweep(database, redis, tmp_path) == {}


@pytest.mark.parametrize(
    ("columns", "end"),
    [
        (
            {"recording_status": "failed", "transcript_status": "pending", "summary_status": "pending"},
            ("failed", "failed", "failed", "no_recording"),
        ),
        (
            {"recording_download_status": "missing", "transcript_status": "pending", "summary_status": "pending"},
            ("completed", "failed", "failed", "gone"),
        ),
    ],
    ids=["set back by hand", "never seen here"],
)
def test_a_call_that_the_phone_company_has_nothing_of_ends(
    columns: dict[str, str], end: tuple[str, ...], database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call(database, has_recording=False, outcome="no_recording", **columns)
    with database.transaction() as session:
        session.execute(delete(Transcript))
        call = session.scalars(select(CallLog)).one()
        stages.stop_looking(session, call, said_by="a test")

    assert sweep(database, redis, tmp_path) == {}
    with database.transaction() as session:
        call = session.scalars(select(CallLog)).one()
        assert (call.recording_status, call.transcript_status, call.summary_status, call.outcome) == end
