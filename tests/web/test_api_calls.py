"""Calls as programs read them: a list in pages, and one call whole."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from db import events
from db.engine import Database
from db.events import Event
from db.models import CallLog, Task, Transcript
from tests.support.calls import sid
from tests.support.people import People, Person
from tests.web import rows

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)
TURNS = [{"channel": 0, "speaker": "customer", "start": 0.5, "end": 1.5, "text": "<img onerror=alert(1)> שלום"}]
OF_A_CALL = {
    "call_sid",
    "business_id",
    "direction",
    "from",
    "to",
    "name",
    "call_status",
    "created_at",
    "duration",
    "recording_status",
    "recording_download_status",
    "recording_next_retry_at",
    "transcript_status",
    "summary_status",
    "outcome",
    "last_error",
    "progress",
    "estimated_cost_bucket",
    "summary",
    "explanation",
}


def get(client: FlaskClient, person: Person, path: str = "/api/calls", **query: str | int) -> Any:
    answer = client.get(path, query_string=query, headers=person.headers)
    assert answer.status_code == 200
    return answer.get_json()


def pages(client: FlaskClient, person: Person, **query: str | int) -> list[list[str]]:
    """The CallSids of every page, until there is no next one."""
    found: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(client, person, **query, **cursor)
        found.append([call["call_sid"] for call in page["calls"]])
        if not page["next_cursor"]:
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_pages_show_every_call_once_and_newest_first(client: FlaskClient, people: People, database: Database) -> None:
    for number in range(1, 8):
        rows.add_call(database, people.alice.business_id, number)
    rows.add_call(database, people.bob.business_id, 99)

    for limit in (1, 2, 3, 7, 8, 100):
        found = pages(client, people.alice, limit=limit)

        assert [call for page in found for call in page] == [sid(number) for number in range(1, 8)]
        assert all(len(page) <= limit for page in found)


def test_calls_of_the_same_moment_are_neither_skipped_nor_repeated(
    client: FlaskClient, people: People, database: Database
) -> None:
    for number in range(1, 8):
        rows.add_call(database, people.alice.business_id, number, created_at=NOON)

    found = [call for page in pages(client, people.alice, limit=2) for call in page]

    assert sorted(found) == [sid(number) for number in range(1, 8)]


def test_a_call_that_comes_in_between_two_pages_moves_none_into_the_second(
    client: FlaskClient, people: People, database: Database
) -> None:
    for number in (2, 3, 4):
        rows.add_call(database, people.alice.business_id, number)
    first = get(client, people.alice, limit=2)

    rows.add_call(database, people.alice.business_id, 1)
    second = get(client, people.alice, limit=2, cursor=first["next_cursor"])

    assert [call["call_sid"] for call in second["calls"]] == [sid(4)]


def test_a_list_can_be_narrowed_to_a_status_and_a_direction(
    client: FlaskClient, people: People, database: Database
) -> None:
    rows.add_call(database, people.alice.business_id, 1, call_status="completed", direction="inbound")
    rows.add_call(database, people.alice.business_id, 2, call_status="busy", direction="outbound")

    assert pages(client, people.alice, status="busy") == [[sid(2)]]
    assert pages(client, people.alice, direction="inbound") == [[sid(1)]]
    assert pages(client, people.alice, status="busy", direction="inbound") == [[]]


def forged(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


NONSENSE = {
    "limit": ("0", "-1", "101", "many", "", "1.5", "٣", "9" * 5000, "1\0"),
    "status": ("done", "completed\0"),
    "direction": ("up", "\0"),
    "cursor": (
        "junk",
        "%%%",
        "é",
        "\0",
        "A" * 9,
        forged("now 1"),
        forged("1"),
        forged("9999-12-31T23:59:59-14:00 1"),
        forged("2024-03-05T12:00:00 1"),
        forged(f"{NOON.isoformat()} {2**63}"),
        forged(f"{NOON.isoformat()} {'9' * 5000}"),
        forged(f"{NOON.isoformat()} 1; DROP TABLE call_log"),
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_parameter_that_makes_no_sense_is_named(name: str, client: FlaskClient, people: People) -> None:
    for value in NONSENSE[name]:
        answer = client.get("/api/calls", query_string={name: value}, headers=people.alice.headers)

        assert answer.status_code == 400, value
        assert answer.get_json()["error"]["message"].startswith(f"{name}: ")


def test_a_call_is_shown_whole(client: FlaskClient, people: People, database: Database) -> None:
    call_sid = rows.add_call(
        database,
        people.alice.business_id,
        created_at=NOON,
        call_status="completed",
        direction="inbound",
        from_number="+14155550111",
        to_number=people.alice.number,
        duration=9,
    )
    with database.transaction() as session:
        call = session.query(CallLog).one()
        session.add(Transcript(call_id=call.id, turns=TURNS, model="tests"))
        events.note(session, call.id, Event.CALL_STATUS, said_by="twilio", status="completed", duration=9)

    shown = get(client, people.alice, f"/api/calls/{call_sid}")

    assert set(shown) == OF_A_CALL | {"transcript", "doubts", "conversation", "timeline"}
    assert (shown["call_sid"], shown["business_id"]) == (call_sid, people.alice.business_id)
    assert (shown["from"], shown["to"], shown["duration"]) == ("+14155550111", people.alice.number, 9)
    assert shown["created_at"] == "2024-03-05T12:00:00Z"
    assert shown["transcript"] == TURNS
    assert [(event["event"], event["detail"]) for event in shown["timeline"]] == [
        ("call_status", {"status": "completed", "duration": 9})
    ]


def test_a_list_carries_neither_transcripts_nor_timelines(
    client: FlaskClient, people: People, database: Database
) -> None:
    rows.add_call(database, people.alice.business_id)

    assert set(get(client, people.alice)["calls"][0]) == OF_A_CALL


def test_a_call_is_explained_in_the_language_that_is_asked_for(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_call(
        database, people.alice.business_id, recording_status="failed", outcome="too_short", call_status="completed"
    )

    english = get(client, people.alice, f"/api/calls/{call_sid}", lang="en")["explanation"]
    hebrew = get(client, people.alice, f"/api/calls/{call_sid}", lang="he")["explanation"]

    assert "too short" in english
    assert any("א" <= letter <= "ת" for letter in hebrew)


def test_reading_starts_nothing(client: FlaskClient, people: People, database: Database, redis: Redis) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id)

    for path in ("/api/calls", f"/api/calls/{call_sid}", f"/api/recordings/{call_sid}/status"):
        get(client, people.alice, path)

    assert rows.open_stages(database) == []
    assert redis.dbsize() == 0


def test_an_unknown_path_of_the_api_is_told_as_json(client: FlaskClient) -> None:
    answer = client.get("/api/nothing")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")


def test_what_is_written_down_so_far_is_read_while_the_transcript_is_being_made(
    client: FlaskClient, database: Database, people: People
) -> None:
    call_sid = rows.add_call(database, people.alice.business_id, transcript_status="processing")
    with database.transaction() as session:
        call_id = rows.call_of(database, call_sid).id
        session.add(
            Task(call_id=call_id, stage="transcript", business_id=people.alice.business_id, draft={"turns": TURNS})
        )

    assert get(client, people.alice, f"/api/calls/{call_sid}")["transcript"] == TURNS
    assert client.get(f"/api/calls/{call_sid}", headers=people.bob.headers).status_code == 404


def test_what_the_model_was_not_sure_of_is_listed_as_worth_listening_to(
    client: FlaskClient, database: Database, people: People
) -> None:
    call_sid = rows.add_call(database, people.alice.business_id, transcript_status="completed")
    sure, unsure = TURNS[0] | {"trust": 0.9}, TURNS[0] | {"start": 4.0, "end": 6.0, "trust": 0.4}
    with database.transaction() as session:
        call_id = rows.call_of(database, call_sid).id
        session.add(Transcript(call_id=call_id, turns=[sure, unsure], model="tests"))

    assert get(client, people.alice, f"/api/calls/{call_sid}")["doubts"] == [{"channel": 0, "start": 4.0, "end": 6.0}]
