"""A business's settings: what is typed, what is stored, and whose numbers they are."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from db import businesses
from db.engine import Database
from db.models import Business, User
from tests.support.people import People
from tests.support.twilio import PUBLIC_BASE_URL, Twilio
from tests.web import rows
from tests.web.browsing import said, send, sign_in

TYPED = {
    "name": "  Rose   Bakery ",
    "forward_number": "+972 (3) 555-0188",
    "greeting_message": "שלום!\r\nHello.",
    "language": "he",
    "spoken_languages": "he, EN,he",
    "vocabulary": " Kfar  Saba\r\n\r\nOzeri\nOzeri\n",
    "time_zone": "Asia/Jerusalem",
}
TAKEN = "Another business is called at this number."


@pytest.fixture
def alice(client: FlaskClient, people: People) -> FlaskClient:
    """Her browser."""
    sign_in(client, people.alice)
    return client


@pytest.fixture
def bob(app: Flask, people: People) -> FlaskClient:
    """His browser."""
    browser = app.test_client()
    sign_in(browser, people.bob)
    return browser


@pytest.fixture
def operator(app: Flask, people: People) -> FlaskClient:
    """The operator's browser."""
    browser = app.test_client()
    sign_in(browser, people.operator)
    return browser


def business(database: Database, business_id: int) -> Business:
    with database.transaction() as session:
        return session.get_one(Business, business_id)


def numbers(database: Database, business_id: int) -> list[str]:
    with database.transaction() as session:
        return list(businesses.numbers_of(session, business_id))


def change(client: FlaskClient, business_id: int, what: str = "", **fields: str) -> TestResponse:
    return send(client, f"/settings/business/{business_id}{what}", fields)


def test_what_is_typed_is_stored_as_it_is_meant(alice: FlaskClient, people: People, database: Database) -> None:
    answer = change(alice, people.alice.business_id, **TYPED)
    assert answer.headers["Location"] == f"/settings/business/{people.alice.business_id}"

    changed = business(database, people.alice.business_id)
    assert (changed.name, changed.forward_number, changed.language) == ("Rose Bakery", "+97235550188", "he")
    assert (changed.spoken_languages, changed.vocabulary) == (["he", "en"], ["Kfar Saba", "Ozeri"])
    assert (changed.greeting_message, changed.time_zone) == ("שלום!\r\nHello.", "Asia/Jerusalem")


def test_what_is_stored_is_typed_again_by_the_page(alice: FlaskClient, people: People) -> None:
    change(alice, people.alice.business_id, **TYPED)

    page = alice.get("/settings/business").text

    assert all(f'value="{value}"' in page for value in ("Rose Bakery", "+97235550188", "he,en", "Asia/Jerusalem"))
    assert "Kfar Saba\nOzeri</textarea>" in page
    assert '<option value="he" selected>' in page


def test_what_is_emptied_is_empty(alice: FlaskClient, people: People, database: Database) -> None:
    change(alice, people.alice.business_id, **TYPED)
    empty = dict.fromkeys(("forward_number", "greeting_message", "language", "spoken_languages", "vocabulary"), "")
    change(alice, people.alice.business_id, **TYPED | empty)

    changed = business(database, people.alice.business_id)
    assert (changed.forward_number, changed.greeting_message, changed.language) == (None, None, None)
    assert (changed.spoken_languages, changed.vocabulary) == (None, [])


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", " ", "A name is needed."),
        ("name", "a\0b", "cannot be shown"),
        ("name", "x" * 256, "At most 255 characters."),
        ("forward_number", "03-555", "Write the number with its country"),
        ("greeting_message", "x" * 1001, "At most 1000 characters."),
        ("language", "fr", "Choose one of the languages."),
        ("spoken_languages", "hebrew", "Write codes of two letters"),
        ("vocabulary", "x" * 101, "At most 100 characters."),
        ("vocabulary", "x\n" * 201, "At most 200 lines."),
        ("time_zone", "Asia", "There is no such time zone"),
        ("time_zone", "../../etc/passwd", "There is no such time zone"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_stored(
    field: str, value: str, told: str, alice: FlaskClient, people: People, database: Database
) -> None:
    answer = change(alice, people.alice.business_id, **TYPED | {field: value})

    assert (answer.status_code, told in answer.text) == (400, True)
    assert f'id="{field}-said"' in answer.text
    assert "Kfar  Saba" in answer.text or field == "vocabulary"
    assert business(database, people.alice.business_id).name == "alice@example.com's business"


def test_markup_in_a_name_is_shown_as_text(alice: FlaskClient, people: People) -> None:
    change(alice, people.alice.business_id, **TYPED | {"name": "<img src=x onerror=alert(1)>{{7*7}}"})

    page = alice.get("/settings/business").text
    assert "<img" not in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize(
    "spelled", ["+1 (415) 555-0177", "0014155550177", "tel:+1-415-555-0177", "\u202a+14155550177\u202c"]
)
def test_a_number_is_added_however_it_is_spelled(
    spelled: str, alice: FlaskClient, people: People, database: Database, twilio: Twilio
) -> None:
    assert change(alice, people.alice.business_id, "/numbers", number=spelled).status_code == 303
    assert numbers(database, people.alice.business_id) == [people.alice.number, "+14155550177"]

    twilio.calls_in("+14155550177")
    assert rows.call_of(database).business_id == people.alice.business_id


def test_a_number_that_says_no_country_is_not_added(alice: FlaskClient, people: People, database: Database) -> None:
    answer = change(alice, people.alice.business_id, "/numbers", number="03-555-0100")

    assert (answer.status_code, "with its country" in answer.text) == (400, True)
    assert numbers(database, people.alice.business_id) == [people.alice.number]


def test_calls_to_a_removed_number_are_nobody_s(
    alice: FlaskClient, people: People, database: Database, twilio: Twilio
) -> None:
    change(alice, people.alice.business_id, "/numbers/remove", number=people.alice.number)

    twilio.calls_in(people.alice.number)

    assert rows.call_of(database).business_id is None
    assert business(database, people.alice.business_id).phone_number is None  # no migration adopts it again


def test_bob_cannot_cut_alice_off_by_claiming_her_number(
    bob: FlaskClient, people: People, database: Database, twilio: Twilio
) -> None:
    answer = change(bob, people.bob.business_id, "/numbers", number=people.alice.number)
    assert (answer.status_code, TAKEN in answer.text) == (409, True)
    assert people.alice.email not in answer.text

    twilio.calls_in(people.alice.number)
    assert rows.call_of(database).business_id == people.alice.business_id


def test_a_contested_number_is_told_to_managers_without_the_other_s_name_and_to_operators_with_it(
    alice: FlaskClient, operator: FlaskClient, people: People
) -> None:
    assert change(operator, people.bob.business_id, "/numbers", number=people.alice.number).status_code == 303

    hers = alice.get("/settings/business").text
    operators = operator.get(f"/settings/business/{people.alice.business_id}").text

    assert "Another business claims this number too" in hers
    assert people.bob.email not in hers
    assert "Claimed by another business too" in operators
    assert "bob@example.com&#39;s business" in operators


def test_bob_reaches_no_setting_of_alice_s(bob: FlaskClient, people: People, database: Database) -> None:
    hers, nobodys = people.alice.business_id, 2147483647
    forms = {"": TYPED, "/numbers": {"number": "+14155550177"}, "/numbers/remove": {"number": people.alice.number}}

    for what, fields in forms.items():
        of_hers, of_none = change(bob, hers, what, **fields), change(bob, nobodys, what, **fields)
        assert said(of_hers, f"business/{hers}") == said(of_none, f"business/{nobodys}")
        assert of_hers.status_code == 404
    seen, none = bob.get(f"/settings/business/{hers}"), bob.get(f"/settings/business/{nobodys}")
    assert said(seen, f"business/{hers}") == said(none, f"business/{nobodys}")
    assert seen.status_code == 404
    assert business(database, hers).name == "alice@example.com's business"
    assert numbers(database, hers) == [people.alice.number]


def test_the_addresses_to_enter_are_those_the_phone_company_reaches(alice: FlaskClient, people: People) -> None:
    page = alice.get("/settings/business").text

    for name in ("incoming_call", "fallback", "call_status", "debugger"):
        assert f"{PUBLIC_BASE_URL}/webhook/{name}<" in page


def test_an_operator_of_no_business_chooses_one(operator: FlaskClient, people: People, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(User).where(User.email == people.operator.email).values(business_id=None))

    assert operator.get("/settings/business").headers["Location"] == "/operator/businesses"
