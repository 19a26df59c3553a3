"""A recording that is wanted: fetched once when it is not here, or refused with the reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from conf.settings import Settings
from db.engine import Database
from db.models import CallLog
from providers.errors import OurOutage
from providers.storage import LocalStorage
from tests.support.people import People
from tests.support.twilio import RECORDING_SID
from tests.web import rows, variants
from web.audio import reason_to_skip, request_download
from web.house import House

LONG_AGO = datetime(2024, 3, 5, tzinfo=UTC)
NOW = datetime.now(UTC)


@pytest.fixture
def ready(house: House, people: People) -> str:
    """A call of Alice's whose recording is here."""
    return rows.add_fetched_call(house, people.alice.business_id, recording_last_enqueue_at=LONG_AGO)


def stream(client: FlaskClient, people: People, call_sid: str, method: str = "GET", **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(f"/api/recordings/{call_sid}/stream", method=method, headers=people.alice.headers | sent)


def test_a_missing_recording_is_fetched_once_however_often_it_is_asked_for(
    client: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id)

    answers = [stream(client, people, call_sid) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [202] * 5
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    assert [answer.get_json()["status"] for answer in answers] == ["missing", *["queued"] * 4]
    assert rows.open_stages(database) == ["download"]
    assert rows.jobs_in(redis, "recordings") == 1


def test_head_of_a_missing_recording_starts_nothing(
    client: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id)

    assert stream(client, people, call_sid, "HEAD").status_code == 202
    assert rows.open_stages(database) == []
    assert redis.dbsize() == 0


@pytest.mark.parametrize(
    ("columns", "seconds"),
    [
        ({"recording_download_status": "queued"}, 2),
        ({"recording_download_status": "downloading"}, 5),
        ({"recording_last_enqueue_at": datetime.now(UTC) + timedelta(hours=1)}, 2),
        ({"recording_status": "recording"}, 2),
        ({"recording_status": "pending"}, 2),
    ],
    ids=["queued", "downloading", "enqueued just now", "being recorded", "about to be recorded"],
)
def test_a_recording_on_its_way_is_waited_for(
    columns: dict[str, object], seconds: int, client: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, **columns)

    answer = stream(client, people, call_sid)

    assert (answer.status_code, answer.headers["Retry-After"]) == (202, str(seconds))
    assert rows.open_stages(database) == []
    assert redis.dbsize() == 0


def test_a_failed_recording_is_waited_for_while_a_retry_is_due(
    client: FlaskClient, people: People, database: Database
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    call_sid = rows.add_recorded_call(
        database, people.alice.business_id, recording_download_status="failed", recording_next_retry_at=soon
    )

    answer = stream(client, people, call_sid)

    assert answer.status_code == 202
    assert 25 <= int(answer.headers["Retry-After"]) <= 30


@pytest.mark.parametrize(
    ("outcome", "columns", "words"),
    [
        ("no_recording", {"recording_status": "failed"}, "not recorded"),
        ("too_short", {"recording_status": "failed"}, "too short"),
        ("silent", {"recording_status": "failed"}, "silence"),
        ("gone", {"recording_download_status": "failed"}, "deleted"),
        ("not_audio", {"recording_download_status": "failed"}, "not audio"),
        ("gave_up", {"recording_download_status": "failed", "last_error": "Recording failed: No."}, "No."),
    ],
)
def test_a_recording_that_will_never_come_is_refused_with_the_reason(
    outcome: str,
    columns: dict[str, str],
    words: str,
    client: FlaskClient,
    people: People,
    database: Database,
    redis: Redis,
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, outcome=outcome, **columns)

    answer = stream(client, people, call_sid)

    assert answer.status_code == 409
    error = answer.get_json()["error"]
    assert error["code"] == outcome
    assert words in error["message"]
    assert redis.dbsize() == 0


HOUR = timedelta(hours=1)

QUESTIONS = [
    ("queued", {"recording_download_status": "queued"}),
    ("downloading", {"recording_download_status": "downloading"}),
    ("cooldown", {"recording_last_enqueue_at": NOW + HOUR}),
    ("cooldown", {"recording_download_status": "failed", "recording_last_enqueue_at": NOW + HOUR}),
    ("failed", {"recording_download_status": "failed"}),
    ("retry_not_due", {"recording_download_status": "failed", "recording_next_retry_at": NOW + HOUR}),
    ("not_recorded", {"recording_status": "pending"}),
]


@pytest.mark.parametrize(("reason", "columns"), QUESTIONS)
def test_the_log_says_why_nothing_is_fetched(
    reason: str,
    columns: dict[str, object],
    client: FlaskClient,
    people: People,
    database: Database,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, **columns)

    with caplog.at_level("DEBUG", "web.audio"):
        stream(client, people, call_sid)

    assert caplog.messages == [f"DOWNLOAD_SKIPPED call_sid={call_sid} reason={reason}"]
    assert redis.dbsize() == 0


def test_the_first_question_is_whether_the_file_is_here(
    client: FlaskClient, people: People, ready: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "web.audio"):
        stream(client, people, ready)

    assert caplog.messages == [f"DOWNLOAD_SKIPPED call_sid={ready} reason=file_is_here"]


def test_the_questions_are_asked_in_their_order(settings: Settings) -> None:
    """Each call here gives several reasons; the first is the one that is told."""
    just_now = {"recording_last_enqueue_at": NOW, "recording_status": "failed", "recording_next_retry_at": NOW + HOUR}

    for first in ("queued", "downloading", "ready"):
        assert reason_to_skip(CallLog(recording_download_status=first, **just_now), NOW, settings) == first
    failed = CallLog(recording_download_status="failed", **just_now)
    assert reason_to_skip(failed, NOW, settings) == "cooldown"
    failed.recording_last_enqueue_at = LONG_AGO
    assert reason_to_skip(failed, NOW, settings) == "retry_not_due"
    failed.recording_status, failed.recording_next_retry_at = "completed", LONG_AGO
    assert reason_to_skip(failed, NOW, settings) is None


def test_a_failed_recording_whose_retry_is_due_is_fetched(
    client: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(
        database,
        people.alice.business_id,
        recording_download_status="failed",
        recording_next_retry_at=LONG_AGO,
        recording_last_enqueue_at=LONG_AGO,
    )

    assert stream(client, people, call_sid).status_code == 202
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_file_that_came_while_we_looked_for_the_old_one_is_not_lost(
    app: Flask, database: Database, people: People, ready: str
) -> None:
    with app.test_request_context(), database.transaction() as session:
        call = session.query(CallLog).one()

        assert not request_download(session, call, lost=f"{ready}/an-older-one.wav")

    assert rows.call_of(database, ready).recording_download_status == "ready"
    assert rows.open_stages(database) == []


def test_storage_that_does_not_answer_is_an_outage_and_loses_nothing(
    house: House, people: People, ready: str, redis: Redis
) -> None:
    class Down(LocalStorage):
        def size(self, name: str) -> int | None:
            raise OurOutage("storage_error", "Our object store did not do what we asked.")

    client = variants.client_of(replace(house, storage=Down(Path("/nowhere"))))

    answer = stream(client, people, ready)

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "storage_error")
    assert int(answer.headers["Retry-After"]) > 0
    assert rows.call_of(house.database, ready).recording_download_status == "ready"
    assert redis.dbsize() == 0


def test_a_file_that_has_gone_is_missing_and_fetched_again(
    client: FlaskClient, people: People, ready: str, house: House, redis: Redis
) -> None:
    lose_files(house, ready)

    answer = stream(client, people, ready)

    assert (answer.status_code, answer.get_json()["status"]) == (202, "missing")
    assert rows.call_of(house.database, ready).recording_download_status == "queued"
    assert rows.recordings_of(house.database)[0].file is None
    assert rows.events_of(house.database) == [("file_lost", {"recording_sid": RECORDING_SID})]
    assert rows.jobs_in(redis, "recordings") == 1


def test_head_of_a_file_that_has_gone_changes_nothing(
    client: FlaskClient, people: People, ready: str, house: House, redis: Redis
) -> None:
    lose_files(house, ready)

    assert stream(client, people, ready, "HEAD").status_code == 202
    assert rows.call_of(house.database, ready).recording_download_status == "ready"
    assert redis.dbsize() == 0


def lose_files(house: House, call_sid: str) -> None:
    """Somebody deletes the recordings behind our back."""
    name = rows.recordings_of(house.database)[0].file
    assert name is not None
    with house.storage.local_copy(name) as path:
        path.unlink()
