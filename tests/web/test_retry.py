"""A stage done again by hand: what is opened, what is refused, and what stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from db.engine import Database
from db.models import Task
from db.tasks import seconds
from db.words import Role, Stage
from jobs.queues import QUEUES
from tests.support.calls import sid
from tests.support.people import People, Person, make_person
from tests.web import rows, variants
from tests.web import sample_calls as sample
from tests.web.rows import call_of, open_stages
from web.house import House

DONE = {"transcript_status": "completed", "summary_status": "completed", "final_transcript": "Hello.", "summary": "Hi."}
TEXTS_FAILED = {"transcript_status": "failed", "summary_status": "failed", "outcome": "gave_up"}
NEVER_RECORDED = TEXTS_FAILED | {"call_status": "completed", "recording_status": "failed"}

Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(client: FlaskClient, people: People) -> Ask:
    """Asks for a retry, as Alice unless somebody else is named."""

    def post(call_sid: str, stage: str, person: Person = people.alice, **more: Any) -> TestResponse:
        return client.post(f"/api/calls/{call_sid}/retry", json={"stage": stage} | more, headers=person.headers)

    return post


def refusal(answer: TestResponse) -> str:
    assert answer.status_code == 409
    return str(answer.get_json()["error"]["code"])


def task_of(database: Database, call_sid: str, stage: Stage) -> Task:
    with database.transaction() as session:
        return session.get_one(Task, (call_of(database, call_sid).id, stage))


def put_off(database: Database, call_sid: str, stage: Stage, attempts: int) -> None:
    """The stage has failed so many times, and is tried again in an hour."""
    sample.open_stage(database, call_sid, stage)
    with database.transaction() as session:
        session.execute(update(Task).values(attempts=attempts, due_at=func.clock_timestamp() + seconds(3600)))


def test_a_recording_that_was_given_up_is_fetched_again(
    ask: Ask, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(
        database,
        people.alice.business_id,
        recording_download_status="failed",
        recording_fail_count=5,
        retry_count=4,
        last_error="Recording failed: No.",
        **TEXTS_FAILED,
    )

    answer = ask(call_sid, "recording")

    assert answer.status_code == 202
    assert rows.statuses_of(database, call_sid) == ("completed", "queued", "pending", "pending", None)
    call = call_of(database, call_sid)
    assert (call.recording_fail_count, call.retry_count, call.last_error) == (0, 5, None)
    assert open_stages(database) == ["download"]
    assert rows.jobs_in(redis, "recordings") == 1


def test_the_answer_is_the_call_as_reading_it_shows_it(
    ask: Ask, client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")

    told = ask(call_sid, "recording").get_json()

    assert told == client.get(f"/api/calls/{call_sid}", headers=people.alice.headers).get_json()
    assert [(event["event"], event["detail"]) for event in told["timeline"]] == [
        ("retry_requested", {"stage": "recording"})
    ]


def test_by_hand_neither_backoff_nor_cooldown_counts(
    ask: Ask, people: People, database: Database, redis: Redis
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    call_sid = rows.add_recorded_call(
        database,
        people.alice.business_id,
        recording_download_status="failed",
        recording_next_retry_at=soon,
        recording_last_enqueue_at=datetime.now(UTC),
        recording_fail_count=4,
    )
    put_off(database, call_sid, Stage.DOWNLOAD, attempts=4)

    assert ask(call_sid, "recording").status_code == 202

    assert task_of(database, call_sid, Stage.DOWNLOAD).attempts == 0
    assert call_of(database, call_sid).recording_next_retry_at is None
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_call_without_a_recording_is_asked_about_again(
    ask: Ask, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_call(database, people.alice.business_id, **NEVER_RECORDED | {"outcome": "no_recording"})

    assert ask(call_sid, "recording").status_code == 202

    assert rows.statuses_of(database, call_sid) == ("pending", "missing", "pending", "pending", None)
    assert open_stages(database) == ["recording"]
    assert rows.jobs_in(redis, "calls") == 1


@pytest.mark.parametrize(
    ("stage", "columns", "opened", "queue"),
    [
        ("transcript", TEXTS_FAILED, "transcript", "transcripts"),
        ("summary", DONE | {"summary_status": "failed", "outcome": "gave_up"}, "summary", "summaries"),
    ],
)
def test_a_text_that_was_given_up_is_made_again_and_nothing_before_it(
    stage: str, columns: dict[str, str], opened: str, queue: str, ask: Ask, house: House, people: People, redis: Redis
) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **columns)
    sample.add_transcript(house.database, call_sid)

    assert ask(call_sid, stage).status_code == 202

    assert open_stages(house.database) == [opened]
    assert {name: rows.jobs_in(redis, name) for name in QUEUES if rows.jobs_in(redis, name)} == {queue: 1}
    assert call_of(house.database, call_sid).outcome is None


def test_who_asks_is_noted_by_number_and_nothing_personal(ask: Ask, people: People, database: Database) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")

    ask(call_sid, "recording")

    said_by = rows.said_by(database)
    assert said_by == [f"user:{rows.user_id(database, people.alice.email)}"]


RUNNING = [
    ("recording", {"recording_status": "recording"}),
    ("recording", {"recording_download_status": "downloading"}),
    ("transcript", {"transcript_status": "processing", "recording_download_status": "ready"}),
    ("summary", DONE | {"summary_status": "processing"}),
    ("recording", DONE | {"recording_download_status": "ready", "transcript_status": "processing"}),
    ("transcript", DONE | {"recording_download_status": "ready", "summary_status": "processing"}),
]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(("stage", "columns"), RUNNING)
def test_what_is_running_is_not_redone_nor_its_source_replaced(
    stage: str, columns: dict[str, str], force: bool, ask: Ask, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, **columns)

    assert refusal(ask(call_sid, stage, force=force)) == "running"
    assert open_stages(database) == []
    assert redis.dbsize() == 0


def test_a_claim_counts_as_running_whatever_the_status_says(ask: Ask, people: People, database: Database) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id)
    sample.open_stage(database, call_sid, Stage.DOWNLOAD, progress=0)

    assert refusal(ask(call_sid, "recording", force=True)) == "running"
    assert task_of(database, call_sid, Stage.DOWNLOAD).claim == 1


def test_however_many_ask_at_once_one_is_heard(app: Flask, people: People, database: Database, redis: Redis) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")

    def press(_: int) -> int:
        path = f"/api/calls/{call_sid}/retry"
        return app.test_client().post(path, json={"stage": "recording"}, headers=people.alice.headers).status_code

    with ThreadPoolExecutor(8) as crowd:
        answers = sorted(crowd.map(press, range(16)))

    assert answers == [202] + [409] * 15
    assert call_of(database, call_sid).retry_count == 1
    assert rows.jobs_in(redis, "recordings") == 1


@pytest.mark.parametrize("stage", ["recording", "transcript", "summary"])
def test_what_is_done_is_redone_only_for_who_insists_and_stays_until_then(
    stage: str, ask: Ask, client: FlaskClient, house: House, people: People
) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **DONE)
    sample.add_transcript(house.database, call_sid)

    assert refusal(ask(call_sid, stage)) == "done"
    assert open_stages(house.database) == []
    answer = ask(call_sid, stage, force=True)

    assert answer.status_code == 202
    assert (answer.get_json()["summary"], len(answer.get_json()["transcript"])) == ("Hi.", 4)
    assert open_stages(house.database) == ["download" if stage == "recording" else stage]
    assert rows.recordings_of(house.database)[0].file


@pytest.mark.parametrize(
    ("stage", "columns", "reason"),
    [
        ("transcript", {"recording_download_status": "missing"}, "no_recording"),
        ("transcript", TEXTS_FAILED | {"recording_download_status": "failed"}, "no_recording"),
        ("summary", TEXTS_FAILED, "no_transcript"),
        ("summary", {"transcript_status": "pending"}, "no_transcript"),
    ],
)
def test_nothing_is_made_from_what_is_not_there(
    stage: str, columns: dict[str, str], reason: str, ask: Ask, people: People, database: Database
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, **columns)

    assert refusal(ask(call_sid, stage)) == reason
    assert open_stages(database) == []


def test_where_nobody_spoke_nothing_is_summed_up(ask: Ask, house: House, people: People) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **DONE | {"outcome": "no_speech"})
    sample.add_transcript(house.database, call_sid, [])

    assert refusal(ask(call_sid, "summary", force=True)) == "no_speech"


NONSENSE: list[tuple[Any, str]] = [
    ({}, "stage: "),
    ([], "body: "),
    ("recording", "body: "),
    ({"stage": "download"}, "stage: "),
    ({"stage": ["recording"]}, "stage: "),
    ({"stage": None}, "stage: "),
    ({"stage": "summary", "force": "yes"}, "force: "),
    ({"stage": "summary", "force": 1}, "force: "),
    ({"stage": "summary", "force": None}, "force: "),
]


@pytest.mark.parametrize(("body", "words"), NONSENSE)
def test_a_wish_that_makes_no_sense_names_what_is_wrong(
    body: Any, words: str, client: FlaskClient, people: People
) -> None:
    answer = client.post(f"/api/calls/{sid(1)}/retry", json=body, headers=people.alice.headers)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith(words)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"stage=summary", b"[" * 200_000, b'{"stage":' * 20_000])
def test_a_body_that_is_no_json_is_refused(body: bytes, client: FlaskClient, people: People) -> None:
    headers = people.alice.headers | {"Content-Type": "application/json"}

    assert client.post(f"/api/calls/{sid(1)}/retry", data=body, headers=headers).status_code == 400


def test_a_wish_sets_nothing_but_the_stage(ask: Ask, people: People, database: Database) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")

    assert ask(call_sid, "recording", business_id=people.bob.business_id, retry_count=99).status_code == 202

    call = call_of(database, call_sid)
    assert (call.business_id, call.retry_count) == (people.alice.business_id, 1)


def test_agents_may_not_and_operators_may_also_for_calls_of_no_business(
    ask: Ask, people: People, database: Database, redis: Redis
) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    theirs = rows.add_call(database, agent.business_id, 1, **NEVER_RECORDED)
    nobodys = rows.add_call(database, None, 2, **NEVER_RECORDED)

    assert ask(theirs, "recording", agent).status_code == 403
    assert open_stages(database) == []
    assert ask(nobodys, "recording", people.operator).status_code == 202
    assert rows.jobs_in(redis, "calls") == 1


def test_retrying_is_no_reading(client: FlaskClient, people: People) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = client.open(f"/api/calls/{sid(1)}/retry", method=method, headers=people.alice.headers)
        assert answer.status_code == 405


def test_with_redis_down_the_wish_is_kept_for_the_sweep(house: House, people: People, database: Database) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")
    client = variants.client_of(variants.without_redis(house))

    path = f"/api/calls/{call_sid}/retry"
    answer = client.post(path, json={"stage": "recording"}, headers=people.alice.headers)

    assert answer.status_code == 202
    assert open_stages(database) == ["download"]


def test_refusals_are_told_in_the_reader_s_language(client: FlaskClient, people: People, house: House) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **DONE)

    path = f"/api/calls/{call_sid}/retry?lang=he"
    answer = client.post(path, json={"stage": "recording"}, headers=people.alice.headers)

    assert any("א" <= letter <= "ת" for letter in answer.get_json()["error"]["message"])


def test_stages_that_are_not_asked_for_keep_their_place_in_line(ask: Ask, house: House, people: People) -> None:
    database = house.database
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **DONE | {"summary_status": "failed"})
    sample.add_transcript(database, call_sid)
    put_off(database, call_sid, Stage.RECORDING, attempts=2)  # the call's end is not known yet
    with database.transaction() as session:
        before = session.scalars(select(Task.due_at)).one()

    ask(call_sid, "summary")

    kept = task_of(database, call_sid, Stage.RECORDING)
    assert (kept.attempts, kept.due_at) == (2, before)
