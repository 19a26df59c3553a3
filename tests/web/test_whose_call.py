"""A call belongs to the business whose number was called, or which called; and to nobody while that is unclear."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from db.engine import Database
from db.models import Business, BusinessNumber
from tests.support.people import People, Person
from tests.support.twilio import CALL_SID, Twilio
from tests.web import rows
from tests.web.payloads import THEIRS

LEG = "CA" + "1" * 32


def calls_seen_by(client: FlaskClient, person: Person) -> list[str]:
    answer = client.get("/api/calls", headers=person.headers).get_json()
    return [call["call_sid"] for call in answer["calls"]]


def test_a_call_to_a_number_nobody_knows_is_kept_and_only_the_operator_sees_it(
    twilio: Twilio, client: FlaskClient, people: People, database: Database
) -> None:
    assert twilio.calls_in("+19995550000").status_code == 200

    assert rows.call_of(database).business_id is None
    assert calls_seen_by(client, people.operator) == [CALL_SID]
    for person in (people.alice, people.bob):
        assert calls_seen_by(client, person) == []
        assert client.get(f"/api/calls/{CALL_SID}", headers=person.headers).status_code == 404


def test_a_number_that_two_businesses_claim_belongs_to_none(
    twilio: Twilio, client: FlaskClient, people: People, database: Database
) -> None:
    with database.transaction() as session:
        session.add(BusinessNumber(business_id=people.bob.business_id, number=people.alice.number))

    twilio.calls_in(people.alice.number)

    assert rows.call_of(database).business_id is None
    assert calls_seen_by(client, people.alice) == calls_seen_by(client, people.bob) == []
    assert calls_seen_by(client, people.operator) == [CALL_SID]


def test_a_number_is_free_again_once_one_of_the_two_is_inactive(
    twilio: Twilio, people: People, database: Database
) -> None:
    with database.transaction() as session:
        session.add(BusinessNumber(business_id=people.bob.business_id, number=people.alice.number))
        session.scalars(select(Business).where(Business.id == people.alice.business_id)).one().is_active = False

    twilio.calls_in(people.alice.number)

    assert rows.call_of(database).business_id == people.bob.business_id


def test_a_call_we_placed_belongs_to_the_business_that_called(
    twilio: Twilio, people: People, database: Database
) -> None:
    twilio.tells("outbound_call", From=people.bob.number, To=THEIRS, Direction="outbound-api", CallStatus="in-progress")

    call = rows.call_of(database)
    assert (call.business_id, call.direction) == (people.bob.business_id, "outbound")


def test_the_leg_of_a_forwarded_call_belongs_to_whom_the_whole_call_does(
    twilio: Twilio, people: People, database: Database
) -> None:
    twilio.calls_in(people.alice.number)
    leg = {"CallSid": LEG, "ParentCallSid": CALL_SID, "Direction": "outbound-dial", "CallStatus": "completed"}

    twilio.tells("call_status", **leg, From=THEIRS, To="+14155550177")

    assert rows.call_of(database, LEG).business_id == people.alice.business_id


def test_the_leg_of_nobody_s_call_is_nobody_s(twilio: Twilio, people: People, database: Database) -> None:
    twilio.calls_in("+19995550000")
    leg = {"CallSid": LEG, "ParentCallSid": CALL_SID, "Direction": "outbound-dial", "CallStatus": "completed"}

    twilio.tells("call_status", **leg, From=THEIRS, To="+14155550177")

    assert rows.call_of(database, LEG).business_id is None


@pytest.mark.parametrize("first", ["a recording", "a status"])
def test_a_call_first_heard_of_without_its_numbers_finds_its_business_when_they_come(
    first: str, twilio: Twilio, people: People, database: Database
) -> None:
    if first == "a recording":
        twilio.says_of_recording("completed")
    else:
        twilio.tells("call_status", CallStatus="in-progress")
    assert rows.call_of(database).business_id is None

    twilio.calls_in(people.alice.number)

    assert rows.call_of(database).business_id == people.alice.business_id


def test_a_call_that_has_a_business_is_never_given_to_another(
    twilio: Twilio, people: People, database: Database
) -> None:
    twilio.calls_in(people.alice.number)
    twilio.calls_in(people.bob.number)

    assert rows.call_of(database).business_id == people.alice.business_id
