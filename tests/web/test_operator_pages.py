"""What operators see and settle: businesses, contested numbers, calls of no business."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from db import businesses
from db.engine import Database
from db.models import Business, CallEvent, Task
from db.words import Stage
from tests.support.calls import sid
from tests.support.people import People
from tests.support.twilio import Twilio
from tests.web import rows
from tests.web.browsing import send, sign_in

OURS, OTHER = "+19995550001", "+19995550002"
PAGES = ("/operator/businesses", "/operator/numbers", "/operator/unassigned")


@pytest.fixture
def operator(client: FlaskClient, people: People) -> FlaskClient:
    """The operator's browser."""
    sign_in(client, people.operator)
    return client


def ids(database: Database, *call_sids: str) -> list[str]:
    return [str(rows.call_of(database, call_sid).id) for call_sid in call_sids]


def owner(database: Database, call_sid: str) -> int | None:
    return rows.call_of(database, call_sid).business_id


def contest(database: Database, people: People) -> str:
    """Alice's number, which Bob claims too."""
    with database.transaction() as session:
        businesses.add_number(session, people.bob.business_id, people.alice.number)
    return people.alice.number


def add_unassigned(database: Database, number: int, ours: str = OURS, **columns: str) -> str:
    return rows.add_call(database, None, number, direction="inbound", to_number=ours, **columns)


def test_a_business_is_added_and_gets_the_calls_to_its_number(
    operator: FlaskClient, database: Database, twilio: Twilio
) -> None:
    answer = send(operator, "/operator/businesses", {"name": "Rose Bakery", "number": "+1 999 555 0001"})
    made = int(answer.headers["Location"].rsplit("/", 1)[1])

    twilio.calls_in(OURS)

    assert rows.call_of(database).business_id == made
    page = operator.get("/operator/businesses").text
    assert "Rose Bakery" in page
    assert "+1 999-555-0001" in page


@pytest.mark.parametrize("typed", [{"name": ""}, {"number": "12"}, {"number": ""}])
def test_a_business_without_name_or_number_is_not_added(
    typed: dict[str, str], operator: FlaskClient, database: Database
) -> None:
    form = {"name": "Rose Bakery", "number": OURS} | typed

    assert send(operator, "/operator/businesses", form).status_code == 400
    with database.transaction() as session:
        assert session.query(Business).count() == 3


def test_an_inactive_business_gets_no_calls_until_it_is_active_again(
    operator: FlaskClient, people: People, database: Database, twilio: Twilio
) -> None:
    path = f"/operator/businesses/{people.alice.business_id}/active"
    send(operator, path, {"active": "no"})
    twilio.calls_in(people.alice.number)
    assert rows.call_of(database).business_id is None

    send(operator, path, {"active": "yes"})
    twilio.calls_in(people.alice.number)
    assert rows.call_of(database).business_id == people.alice.business_id


def test_a_contested_number_is_listed_and_settled(
    operator: FlaskClient, people: People, database: Database, twilio: Twilio
) -> None:
    number = contest(database, people)
    assert "1 number is claimed by more than one business" in operator.get("/operator/businesses").text
    assert "alice@example.com&#39;s business" in operator.get("/operator/numbers").text

    send(operator, "/operator/numbers", {"number": number, "business": str(people.bob.business_id)})

    assert "No number is contested." in operator.get("/operator/numbers").text
    twilio.calls_in(number)
    assert rows.call_of(database).business_id == people.bob.business_id


def test_a_number_is_not_settled_on_a_business_that_does_not_claim_it(
    operator: FlaskClient, people: People, database: Database
) -> None:
    number = contest(database, people)

    for business in (people.operator.business_id, 0, 2147483647):
        form = {"number": number, "business": str(business)}
        assert send(operator, "/operator/numbers", form).status_code == 404
    assert "alice@example.com&#39;s business" in operator.get("/operator/numbers").text


def test_a_call_is_given_to_a_business_and_its_story_says_so(
    operator: FlaskClient, people: People, database: Database, app: Flask
) -> None:
    given, other = add_unassigned(database, 1), add_unassigned(database, 2)
    assert given in operator.get("/operator/unassigned").text

    form = {"id": ids(database, given), "business": str(people.alice.business_id)}
    answer = send(operator, "/operator/unassigned", form)
    assert answer.headers["Location"] == "/operator/unassigned"

    assert (owner(database, given), owner(database, other)) == (people.alice.business_id, None)
    hers = app.test_client().get(f"/api/calls/{given}", headers=people.alice.headers).get_json()
    assert [event["event"] for event in hers["timeline"]] == ["assigned"]
    with database.transaction() as session:
        assert session.query(CallEvent).one().said_by == f"user:{rows.user_id(database, people.operator.email)}"
    page = operator.get("/operator/unassigned").text
    assert "1 call belongs to alice@example.com&#39;s business now." in page
    assert given not in page


def test_all_calls_of_the_same_number_go_along_and_no_others(
    operator: FlaskClient, people: People, database: Database
) -> None:
    chosen, same = add_unassigned(database, 1), add_unassigned(database, 2)
    placed = rows.add_call(database, None, 3, direction="outbound", from_number=OURS, to_number=OTHER)
    other, unknown = add_unassigned(database, 4, OTHER), rows.add_call(database, None, 5)
    bobs = rows.add_call(database, people.bob.business_id, 6, direction="inbound", to_number=OURS)

    form = {"id": ids(database, chosen), "business": str(people.alice.business_id), "whole_number": "yes"}
    send(operator, "/operator/unassigned", form)

    assert {owner(database, call) for call in (chosen, same, placed)} == {people.alice.business_id}
    assert [owner(database, call) for call in (other, unknown, bobs)] == [None, None, people.bob.business_id]


def test_calls_without_a_number_do_not_draw_along_others_without_one(
    operator: FlaskClient, people: People, database: Database
) -> None:
    chosen, other = rows.add_call(database, None, 1), rows.add_call(database, None, 2)

    form = {"id": ids(database, chosen), "business": str(people.alice.business_id), "whole_number": "yes"}
    send(operator, "/operator/unassigned", form)

    assert (owner(database, chosen), owner(database, other)) == (people.alice.business_id, None)


def test_a_given_call_waits_in_its_business_s_line_and_is_admitted_there(
    operator: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = add_unassigned(database, 1, recording_status="completed", recording_download_status="missing")
    with database.transaction() as session:
        session.add(Task(call_id=rows.call_of(database, call_sid).id, stage=Stage.DOWNLOAD))

    send(
        operator,
        "/operator/unassigned",
        {"id": ids(database, call_sid), "business": str(people.alice.business_id)},
    )

    with database.transaction() as session:
        task = session.query(Task).one()
    assert task.business_id == people.alice.business_id
    assert task.enqueued_at is not None
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_call_that_has_a_business_is_not_given_to_another(
    operator: FlaskClient, people: People, database: Database
) -> None:
    alices = rows.add_call(database, people.alice.business_id)

    form = {"id": ids(database, alices), "business": str(people.bob.business_id), "whole_number": "yes"}
    send(operator, "/operator/unassigned", form)

    assert owner(database, alices) == people.alice.business_id


@pytest.mark.parametrize("junk", ["", "x", "-1", "0", "99999999999999999999"])
def test_junk_gives_nothing(junk: str, operator: FlaskClient, people: People, database: Database) -> None:
    call_sid = add_unassigned(database, 1)

    assert send(operator, "/operator/unassigned", {"id": ids(database, call_sid), "business": junk}).status_code == 404
    assert send(operator, "/operator/unassigned", {"id": junk, "business": "1"}).status_code == 303
    assert owner(database, call_sid) is None


def test_managers_are_told_who_could_let_them_in_and_change_nothing(
    people: People, database: Database, app: Flask
) -> None:
    call_sid = add_unassigned(database, 1)
    number = contest(database, people)
    bob = app.test_client()
    sign_in(bob, people.bob)

    for path in PAGES:
        seen = bob.get(path)
        assert (seen.status_code, "Another operator can make you one." in seen.text) == (403, True)
        assert people.alice.email not in seen.text
    own = str(people.bob.business_id)
    forms = {
        "/operator/businesses": {"name": "Bob's second", "number": OTHER},
        f"/operator/businesses/{people.alice.business_id}/active": {"active": "no"},
        "/operator/numbers": {"number": number, "business": own},
        "/operator/unassigned": {"id": ids(database, call_sid), "business": own},
    }
    assert {send(bob, path, form).status_code for path, form in forms.items()} == {403}
    assert owner(database, sid(1)) is None
    with database.transaction() as session:
        assert session.query(Business).count() == 3
        assert session.get_one(Business, people.alice.business_id).is_active
        assert number in businesses.numbers_of(session, people.alice.business_id)
