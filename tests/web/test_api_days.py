"""Lists of certain days: the last seven, or from one day to another by the business's clock."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from db.engine import Database
from db.models import Business
from tests.support.calls import sid
from tests.support.people import People, Person
from tests.web import rows

RANGE = "/api/calls/range"


def found(client: FlaskClient, person: Person, path: str, **query: str | int) -> list[str]:
    answer = client.get(path, query_string=query, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return [call["call_sid"] for call in answer.get_json()["calls"]]


def add_at(database: Database, person: Person, number: int, at: str) -> str:
    return rows.add_call(database, person.business_id, number, created_at=datetime.fromisoformat(at))


def move_to(database: Database, person: Person, zone: str) -> None:
    with database.transaction() as session:
        session.get_one(Business, person.business_id).time_zone = zone


def test_the_last_seven_days_hold_what_is_younger_and_nothing_else(
    client: FlaskClient, database: Database, people: People
) -> None:
    now = datetime.now(UTC)
    rows.add_call(database, people.alice.business_id, 1, created_at=now - timedelta(days=6, hours=23))
    rows.add_call(database, people.alice.business_id, 2, created_at=now - timedelta(days=7, hours=1))
    rows.add_call(database, people.bob.business_id, 3)

    assert found(client, people.alice, "/api/calls/last7d") == [sid(1)]


def test_a_range_holds_both_its_days_whole_by_the_business_s_clock(
    client: FlaskClient, database: Database, people: People
) -> None:
    move_to(database, people.alice, "Asia/Jerusalem")
    add_at(database, people.alice, 1, "2025-01-01T21:59:59+00:00")  # a second before midnight there
    first = add_at(database, people.alice, 2, "2025-01-01T22:00:00+00:00")
    last = add_at(database, people.alice, 3, "2025-01-03T21:59:59+00:00")
    add_at(database, people.alice, 4, "2025-01-03T22:00:00+00:00")
    rows.add_call(database, people.bob.business_id, 5, created_at=datetime(2025, 1, 2, 12, tzinfo=UTC))

    assert found(client, people.alice, RANGE, start="2025-01-02", end="2025-01-03") == [last, first]


@pytest.mark.parametrize(
    ("day", "first", "after"),
    [
        ("2025-03-28", "2025-03-27T22:00:00+00:00", "2025-03-28T21:00:00+00:00"),  # 23 hours: clocks go forward
        ("2025-10-26", "2025-10-25T21:00:00+00:00", "2025-10-26T22:00:00+00:00"),  # 25 hours: clocks go back
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(
    day: str, first: str, after: str, client: FlaskClient, database: Database, people: People
) -> None:
    move_to(database, people.alice, "Asia/Jerusalem")
    begins = datetime.fromisoformat(first)
    rows.add_call(database, people.alice.business_id, 1, created_at=begins - timedelta(seconds=1))
    rows.add_call(database, people.alice.business_id, 2, created_at=begins)
    rows.add_call(
        database, people.alice.business_id, 3, created_at=datetime.fromisoformat(after) - timedelta(seconds=1)
    )
    rows.add_call(database, people.alice.business_id, 4, created_at=datetime.fromisoformat(after))

    assert found(client, people.alice, RANGE, start=day, end=day) == [sid(3), sid(2)]


def test_a_range_is_paged_and_narrowed_like_any_list(client: FlaskClient, database: Database, people: People) -> None:
    for number in range(1, 4):
        rows.add_call(database, people.alice.business_id, number, direction="inbound" if number < 3 else "outbound")
    days = {"start": "2000-01-01", "end": "2999-12-31"}

    first = client.get(RANGE, query_string=days | {"limit": "2"}, headers=people.alice.headers).get_json()
    rest = found(client, people.alice, RANGE, **days, limit=2, cursor=first["next_cursor"])

    assert [call["call_sid"] for call in first["calls"]] + rest == [sid(1), sid(2), sid(3)]
    assert found(client, people.alice, RANGE, **days, direction="outbound") == [sid(3)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak", "UTC"])
def test_days_at_the_ends_of_the_calendar_are_days(
    zone: str, client: FlaskClient, database: Database, people: People
) -> None:
    move_to(database, people.alice, zone)
    call = rows.add_call(database, people.alice.business_id, 1)

    assert found(client, people.alice, RANGE, start="0001-01-01", end="9999-12-31") == [call]


NONSENSE = {
    "start": (
        "2025-02-30",
        "2025-13-01",
        "yesterday",
        "",
        "1735689600",
        "2025-1-1",
        "2025-01-01T00:00",
        "٢٠٢٥-٠١-٠١",
        "\0",
    ),
    "end": ("2025-02-29", "0", "2025-01-01\0", "20250101"),
    "limit": ("-1", "0", "101"),
    "cursor": ("junk",),
    "q": ("a\0b",),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_parameter_of_a_range_that_makes_no_sense_is_named(name: str, client: FlaskClient, people: People) -> None:
    for value in NONSENSE[name]:
        query = {"start": "2025-01-01", "end": "2025-12-31"} | {name: value}
        answer = client.get(RANGE, query_string=query, headers=people.alice.headers)

        assert answer.status_code == 400, value
        assert answer.get_json()["error"]["message"].startswith(f"{name}: ")


@pytest.mark.parametrize("missing", ["start", "end"])
def test_a_range_needs_both_its_days(missing: str, client: FlaskClient, people: People) -> None:
    query = {"start": "2025-01-01", "end": "2025-12-31"}
    del query[missing]
    answer = client.get(RANGE, query_string=query, headers=people.alice.headers)

    assert (answer.status_code, missing in answer.get_json()["error"]["message"]) == (400, True)


def test_a_range_that_ends_before_it_begins_is_refused(client: FlaskClient, people: People) -> None:
    query = {"start": "2025-12-31", "end": "2025-01-01"}
    answer = client.get(RANGE, query_string=query, headers=people.alice.headers)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith("start: ")
