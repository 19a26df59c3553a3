"""The dashboard's numbers through the API: whose they are, and that they are right."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg2 import connect

from db.engine import Database
from db.words import KEPT, Role, Stage
from jobs.queues import QUEUES
from tests.support.people import People, Person, make_person
from tests.web import sample_calls as sample
from tests.web import sample_days
from tests.web.variants import client_of, without_redis
from web.badges import badges_of
from web.house import House

NOBODY = 2**31 - 1


def stats(client: FlaskClient, person: Person, **query: str | int) -> Any:
    answer = client.get("/api/stats", query_string=query, headers=person.headers)
    assert answer.status_code == 200, answer.data
    return answer.get_json()


def today(answer: Any) -> dict[str, int]:
    """How many calls of the last day ended in each way, without those in which none did."""
    day = answer["per_day"][-1]
    return {ending: day[ending] for ending in sample_days.ENDINGS if day[ending]}


def test_of_no_calls_there_are_no_numbers_and_no_divisions_by_zero(client: FlaskClient, people: People) -> None:
    answer = stats(client, people.alice, days=3)

    assert answer["calls"] == answer["before"] == {"total": 0, "kept": 0, "waiting": 0, "failed": 0}
    assert len(answer["per_day"]) == 3
    assert answer["durations"]["hangup_to_text"] == {"p50": None, "p95": None, "calls": 0}
    assert answer["head"] == {"p50": None, "p95": None, "calls": 0, "share": None}
    assert answer["costs"] == {"LOW": 0, "MED": 0, "HIGH": 0}
    assert {queue["stage"] for queue in answer["queues"]} == set(Stage)
    assert not any(queue["waiting"] or queue["at_work"] or queue["put_off"] for queue in answer["queues"])


@pytest.mark.parametrize("ending", list(sample_days.ENDINGS))
def test_each_call_ended_in_one_way_and_its_badges_agree(
    ending: str, client: FlaskClient, people: People, database: Database
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 0, **sample_days.ENDINGS[ending])

    answer = stats(client, people.alice)

    assert today(answer) == {ending: 1}
    figures = {name for name in ("kept", "waiting", "failed") if answer["calls"][name]}
    assert figures == {"kept" if ending in KEPT else ending}
    call = client.get(f"/api/calls/{sid}", headers=people.alice.headers).get_json()
    assert any(badge.state == "failed" for badge in badges_of(call)) == (ending == "failed")


ODD = {
    "no file, no retry, texts there": (sample.DONE | {"recording_download_status": "failed"}, "failed"),
    "no file, a retry is due": (
        sample.DONE
        | {"recording_download_status": "failed", "recording_next_retry_at": datetime(2099, 1, 1, tzinfo=UTC)},
        "waiting",
    ),
    "failed in an old installation, no outcome": (sample.FETCHED | {"transcript_status": "failed"}, "failed"),
    "waits for play": (sample.WAITING_FOR_PLAY, "waiting"),
    "on the line": (sample.ON_THE_LINE, "waiting"),
    "the summary failed": (sample.NO_SUMMARY, "failed"),
    "too short": (sample.UNRECORDED | {"call_status": "completed", "outcome": "too_short"}, "empty"),
    "no file of a call on which nobody spoke": (
        sample.DONE | {"outcome": "no_speech", "recording_download_status": "failed"},
        "failed",
    ),
}


@pytest.mark.parametrize(("columns", "ending"), ODD.values(), ids=ODD)
def test_odd_ends_are_counted_as_they_are_shown(
    columns: dict[str, Any], ending: str, client: FlaskClient, people: People, database: Database
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 0, **columns)

    assert today(stats(client, people.alice)) == {ending: 1}
    call = client.get(f"/api/calls/{sid}", headers=people.alice.headers).get_json()
    assert any(badge.state == "failed" for badge in badges_of(call)) == (ending == "failed")


def test_statuses_and_costs_are_counted_word_by_word(client: FlaskClient, people: People, database: Database) -> None:
    for number, columns in enumerate((sample.DONE, sample.DONE, sample.GIVEN_UP, sample.UNRECORDED)):
        sample.add_call(database, people.alice.business_id, number, **columns)
    sample.add_call(database, people.alice.business_id, 9, **sample.DONE | {"estimated_cost_bucket": "HIGH"})

    answer = stats(client, people.alice)

    assert answer["statuses"] == {
        "call": {"completed": 4, "no-answer": 1},
        "recording": {"completed": 4, "failed": 1},
        "download": {"ready": 3, "failed": 1, "missing": 1},
        "transcript": {"completed": 3, "failed": 2},
        "summary": {"completed": 3, "failed": 2},
        "outcome": {"gave_up": 1, "no_recording": 1},
    }
    assert answer["costs"] == {"LOW": 2, "MED": 0, "HIGH": 1}


def test_a_forwarded_call_is_one_call(client: FlaskClient, people: People, database: Database) -> None:
    whole = sample.add_call(database, people.alice.business_id, 2, **sample.DONE)
    sample.add_call(database, people.alice.business_id, 1, **sample.UNRECORDED, parent_call_sid=whole)

    assert stats(client, people.alice)["calls"]["total"] == 1


def test_percentiles_are_those_of_the_calls(client: FlaskClient, people: People, database: Database) -> None:
    for number in range(1, 102):
        sid = sample.add_call(database, people.alice.business_id, number, **sample.DONE)
        late = {"downloaded": number + 2, "transcribed": 2 * number + 2, "summarized": 2 * number + 5}
        sample_days.add_life(database, sid, second=number / 100, **late)

    answer = stats(client, people.alice, days=2)

    assert answer["durations"] == {
        "hangup_to_file": {"p50": 53.0, "p95": 98.0, "calls": 101},
        "file_to_text": {"p50": 51.0, "p95": 96.0, "calls": 101},
        "text_to_summary": {"p50": 3.0, "p95": 3.0, "calls": 101},
        "hangup_to_text": {"p50": 104.0, "p95": 194.0, "calls": 101},
    }
    assert answer["head"] == {"p50": 0.5, "p95": 1.0, "calls": 101, "share": pytest.approx(0.51 / 221)}
    assert sum(day["hangup_to_text"]["calls"] for day in answer["per_day"]) == 101


def test_a_stage_done_again_counts_from_when_it_was_first_done(
    client: FlaskClient, people: People, database: Database
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 30, **sample.DONE)
    sample_days.add_life(database, sid, downloaded=5, transcribed=20)
    sample_days.add_life(database, sid, transcribed=900)

    assert stats(client, people.alice)["durations"]["hangup_to_text"]["p50"] == 20


def test_lines_are_as_long_as_they_are_now(client: FlaskClient, people: People, database: Database) -> None:
    hours = timedelta(hours=1)
    now = datetime.now(UTC)
    due = {1: now - hours, 2: now - 2 * hours, 3: now + hours}
    for number in (1, 2, 3, 4):
        sid = sample.add_call(database, people.alice.business_id, number, **sample.FETCHED)
        sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=40 if number == 4 else None, due_at=due.get(number))
    theirs = sample.add_call(database, people.bob.business_id, 5, **sample.FETCHED)
    sample.open_stage(database, theirs, Stage.TRANSCRIPT)

    (line,) = (queue for queue in stats(client, people.alice)["queues"] if queue["stage"] == "transcript")

    assert (line["waiting"], line["at_work"], line["put_off"]) == (2, 1, 1)
    assert line["oldest_seconds"] == pytest.approx(7200, abs=60)


def test_bob_learns_nothing_of_alice_s_calls(client: FlaskClient, people: People, database: Database) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample_days.add_life(database, sid, downloaded=5, transcribed=20)
    sample.open_stage(database, sid, Stage.SUMMARY)

    answer = stats(client, people.bob)

    assert answer["calls"]["total"] == answer["durations"]["hangup_to_text"]["calls"] == 0
    assert not any(queue["waiting"] for queue in answer["queues"])


def test_bob_asking_for_alice_s_business_hears_what_he_would_of_one_that_does_not_exist(
    client: FlaskClient, people: People
) -> None:
    def ask(business_id: int) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = client.get(f"/api/stats?business_id={business_id}", headers=people.bob.headers)
        return answer.status_code, sorted(answer.headers.items()), answer.data

    assert ask(people.alice.business_id) == ask(NOBODY)
    assert ask(NOBODY)[0] == 404
    assert ask(people.bob.business_id)[0] == 200


def test_an_operator_sees_all_businesses_or_one(client: FlaskClient, people: People, database: Database) -> None:
    for number, business_id in enumerate((people.alice.business_id, people.bob.business_id, None)):
        sample.add_call(database, business_id, number, **sample.DONE)

    everything = stats(client, people.operator)
    one = stats(client, people.operator, business_id=people.alice.business_id)

    assert (everything["business_id"], everything["calls"]["total"]) == (None, 3)
    assert (one["business_id"], one["calls"]["total"]) == (people.alice.business_id, 1)
    assert client.get(f"/api/stats?business_id={NOBODY}", headers=people.operator.headers).status_code == 404


def test_an_agent_sees_the_numbers_of_the_own_business(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    sample.add_call(database, agent.business_id, 1, **sample.DONE)

    assert stats(client, agent)["calls"]["total"] == 1


@pytest.mark.parametrize(
    "query", [{"days": 0}, {"days": 91}, {"days": "x"}, {"days": "7.5"}, {"business_id": 0}, {"business_id": "9" * 30}]
)
def test_what_cannot_be_asked_is_refused_by_name(query: dict[str, Any], client: FlaskClient, people: People) -> None:
    answer = client.get("/api/stats", query_string=query, headers=people.operator.headers)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith(next(iter(query)))


def test_operators_see_the_jobs_in_redis_and_go_on_without_it(
    client: FlaskClient, people: People, house: House
) -> None:
    house.queues.redis.rpush("rq:queue:transcripts", "transcript-CA1")

    assert stats(client, people.operator)["jobs"] == dict.fromkeys(QUEUES, 0) | {"transcripts": 1}
    assert stats(client, people.alice)["jobs"] is None
    assert stats(client_of(without_redis(house)), people.operator)["jobs"] is None


def test_what_cannot_be_counted_in_time_is_said_and_is_no_outage(
    client: FlaskClient, people: People, database_url: str
) -> None:
    with connect(database_url) as slow:
        slow.cursor().execute("LOCK TABLE call_event")
        answer = client.get("/api/stats?days=90", headers=people.alice.headers)
        meanwhile = client.get("/api/calls", headers=people.alice.headers)
        slow.rollback()

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "too_many_calls")
    assert meanwhile.status_code == 200
