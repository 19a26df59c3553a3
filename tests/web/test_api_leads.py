"""A lead through the API: every call with a number, for those who may know of them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from db import users
from db.engine import Database
from db.words import Role
from tests.support.people import PASSWORD_HASH, People, Person, make_person
from tests.web import rows
from tests.web import sample_calls as sample

THEM = "+14155550199"
ISRAELI = "+972545550101"


def lead(client: FlaskClient, person: Person, phone: str = THEM, **query: str | int) -> Any:
    answer = client.get(f"/api/leads/{phone}", query_string=query, headers=person.headers)
    assert answer.status_code == 200, answer.data
    return answer.get_json()


def sids(answer: Any) -> list[str]:
    return [call["call_sid"] for call in answer["calls"]]


def test_every_call_with_a_number_is_there_newest_first_missed_and_outgoing_ones_too(
    client: FlaskClient, people: People, database: Database
) -> None:
    ours = people.alice.business_id
    missed = sample.add_call(database, ours, 30, **sample.UNRECORDED, from_number=THEM)
    placed = sample.add_call(
        database, ours, 20, **sample.DONE | {"direction": "outbound"}, from_number=people.alice.number, to_number=THEM
    )
    came_in = sample.add_call(database, ours, 10, **sample.DONE, from_number=THEM, summary=sample.SUMMARY)
    sample.add_call(database, ours, 5, **sample.DONE)

    answer = lead(client, people.alice)

    assert (answer["phone"], sids(answer), answer["next_cursor"]) == (THEM, [came_in, placed, missed], None)
    assert answer["calls"][0]["summary"] == sample.SUMMARY


@pytest.mark.parametrize(
    "spelled", ["+972545550101", "054-555-0101", "0545550101", "00972 54 5550101", "(054) 555 0101"]
)
def test_a_number_is_understood_as_it_is_written_where_the_business_is(
    spelled: str, client: FlaskClient, database: Database
) -> None:
    dana = make_person(database, "dana@example.com", "+97235550100", Role.MANAGER)
    call_sid = sample.add_call(database, dana.business_id, 1, **sample.DONE, from_number=ISRAELI)

    answer = lead(client, dana, spelled)

    assert (answer["phone"], sids(answer)) == (ISRAELI, [call_sid])


@pytest.mark.parametrize(
    "written", ["0", "dana", "+", "+1415", "%00", "sip:dana@example.com", "1" * 300, "+99999999999999"]
)
def test_what_is_no_number_is_refused_by_name(written: str, client: FlaskClient, people: People) -> None:
    for who in (people.alice, people.operator):
        answer = client.get(f"/api/leads/{written}", headers=who.headers)

        assert answer.status_code == 400
        assert answer.get_json()["error"]["message"].startswith("phone: ")


def test_a_number_without_its_country_says_nothing_to_somebody_of_no_business(
    client: FlaskClient, database: Database
) -> None:
    with database.transaction() as session:
        nobody = users.add(
            session, email="o@example.com", password_hash=PASSWORD_HASH, role=Role.OPERATOR, business_id=None
        )
        headers = {"Authorization": f"Bearer {users.add_token(session, nobody, 'tests')}"}

    assert client.get("/api/leads/054-555-0101", headers=headers).status_code == 400
    assert client.get(f"/api/leads/{ISRAELI}", headers=headers).status_code == 200


def test_bob_asking_for_alice_s_customer_hears_what_he_would_of_a_number_that_never_called(
    client: FlaskClient, people: People, database: Database
) -> None:
    def ask() -> tuple[int, list[tuple[str, str]], bytes]:
        answer = client.get(f"/api/leads/{THEM}", headers=people.bob.headers)
        return answer.status_code, sorted(answer.headers.items()), answer.data

    before = ask()
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, from_number=THEM)
    sample.add_call(database, None, 2, **sample.DONE, from_number=THEM)

    assert ask() == before
    assert (before[0], sids(lead(client, people.alice))) == (200, [call_sid])


def test_an_agent_sees_the_business_s_and_an_operator_everybody_s_calls_with_a_number(
    client: FlaskClient, people: People, database: Database
) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    businesses = (agent.business_id, people.alice.business_id, None)
    for number, business_id in enumerate(businesses, start=1):
        sample.add_call(database, business_id, number, **sample.DONE, from_number=THEM)

    assert [call["business_id"] for call in lead(client, agent)["calls"]] == [agent.business_id]
    assert [call["business_id"] for call in lead(client, people.operator)["calls"]] == list(businesses)


def test_a_lead_of_many_calls_comes_in_pages(client: FlaskClient, people: People, database: Database) -> None:
    known = [rows.add_call(database, people.alice.business_id, number, from_number=THEM) for number in range(1, 6)]

    first = lead(client, people.alice, limit=3)
    second = lead(client, people.alice, limit=3, cursor=first["next_cursor"])

    assert sids(first) + sids(second) == known
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "junk"}])
def test_a_page_that_cannot_be_is_refused_by_name(query: dict[str, Any], client: FlaskClient, people: People) -> None:
    answer = client.get(f"/api/leads/{THEM}", query_string=query, headers=people.alice.headers)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith(next(iter(query)))


def test_a_forwarded_call_is_one_entry_with_its_legs(client: FlaskClient, people: People, database: Database) -> None:
    ours = people.alice.business_id
    whole = sample.add_call(database, ours, 9, **sample.DONE, from_number=THEM)
    leg = {"direction": "outbound", "parent_call_sid": whole, "from_number": THEM, "to_number": "+14155550177"}
    sample.add_call(database, ours, 8, **leg, call_status="no-answer", duration=0)
    answered = sample.add_call(
        database, ours, 7, **leg | {"to_number": "+14155550178"}, call_status="completed", duration=40
    )
    sample.add_call(database, ours, 6, **leg | {"direction": "inbound"}, call_status="completed", duration=40)

    (entry,) = lead(client, people.alice)["calls"]

    assert entry["call_sid"] == whole
    assert [(one["to"], one["call_status"]) for one in entry["legs"]][:2] == [
        ("+14155550177", "no-answer"),
        ("+14155550178", "completed"),
    ]
    assert entry["legs"][1] == {
        "call_sid": answered,
        "from": THEM,
        "to": "+14155550178",
        "call_status": "completed",
        "duration": 40,
    }
    assert sids(lead(client, people.alice, "+14155550178")) == [answered]


def test_legs_of_another_business_are_not_shown(client: FlaskClient, people: People, database: Database) -> None:
    whole = sample.add_call(database, people.alice.business_id, 9, **sample.DONE, from_number=THEM)
    theirs = {"direction": "outbound", "parent_call_sid": whole, "to_number": THEM}
    leg = sample.add_call(database, people.bob.business_id, 8, **theirs)

    assert lead(client, people.alice)["calls"][0]["legs"] == []
    assert sids(lead(client, people.bob)) == [leg]
