"""Calls that a reader has us place: once, from the right number, and recorded from the answer."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from db.engine import Database
from db.models import BusinessNumber, User
from db.words import Role
from providers.telephony import Telephony
from tests.conftest import SECRET_KEY
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.people import People, make_person
from tests.support.twilio import PUBLIC_BASE_URL
from tests.web import rows
from tests.web.phone import TO, app_of, code_of, place
from web import create_app, desk
from web.house import House

RECORDING_EVENTS = {"in-progress", "completed", "absent"}


@pytest.fixture
def phone(house: House, company: Company, redis_url: str) -> Iterator[FlaskClient]:
    """Somebody's way to the API, with a phone company that answers."""
    app = app_of(house, redis_url, url=company.url)
    yield app.test_client()
    for call_sid in list(company.exchange.calls):
        company.exchange.calls[call_sid].over.set()


def test_a_call_is_placed_from_the_business_s_number_and_recorded_from_the_answer(
    phone: FlaskClient, people: People, company: Company, database: Database
) -> None:
    answer = place(phone, people.alice)

    shown = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/calls/{shown['call_sid']}"
    assert phone.get(answer.headers["Location"], headers=people.alice.headers).get_json().keys() == shown.keys()
    assert (shown["from"], shown["to"], shown["direction"]) == (people.alice.number, TO, "outbound")
    assert rows.call_of(database, shown["call_sid"]).business_id == people.alice.business_id
    (call,) = company.exchange.calls.values()
    assert (call.from_, call.to) == (people.alice.number, TO)
    assert call.voice_url == f"{PUBLIC_BASE_URL}/webhook/outbound_call"
    assert call.voice_fallback_url == f"{PUBLIC_BASE_URL}/webhook/fallback"
    assert call.callback
    assert call.callback.url.startswith(f"{PUBLIC_BASE_URL}/webhook/call_status#")
    assert call.callback.events == {"initiated", "ringing", "answered", "completed"}
    assert call.record
    assert (call.record.source, call.record.channels, call.record.trim) == ("OutboundAPI", 2, False)
    assert call.record.callback
    assert call.record.callback.url.startswith(f"{PUBLIC_BASE_URL}/webhook/handle_recording#")
    assert call.record.callback.events == RECORDING_EVENTS


@pytest.mark.parametrize(
    ("start", "is_recorded", "mode", "stages"),
    [
        ("auto", True, "TWILIO_CALL_RECORD", ["recording"]),
        ("twiml", False, None, ["recording"]),
        ("api", False, None, ["recording"]),
        ("off", False, "OFF", []),
    ],
)
def test_who_records_is_the_operator_s_choice(
    start: str,
    is_recorded: bool,
    mode: str | None,
    stages: list[str],
    house: House,
    people: People,
    company: Company,
    redis_url: str,
) -> None:
    client = app_of(house, redis_url, url=company.url, recording_start=start).test_client()

    call_sid = place(client, people.alice).get_json()["call_sid"]

    assert (company.exchange.calls[call_sid].record is not None) is is_recorded
    assert rows.call_of(house.database, call_sid).recording_mode == mode
    assert rows.open_stages(house.database) == stages


@pytest.mark.parametrize("to", ["(415) 555-0188", "415-555-0188", "+1 415 555 0188", "  +14155550188 "])
def test_a_number_may_be_written_as_in_the_business_s_country(
    to: str, phone: FlaskClient, people: People, company: Company
) -> None:
    assert place(phone, people.alice, to).get_json()["to"] == TO


@pytest.mark.parametrize("to", ["", "12", "abc", "911", "+1", "+999123456789", "sip:a@b.c", "+1415555\x00", "4" * 64])
def test_what_is_no_number_is_not_called(to: str, phone: FlaskClient, people: People, company: Company) -> None:
    answer = place(phone, people.alice, to)

    assert code_of(answer) == (400, "bad_request")
    assert answer.get_json()["error"]["message"].startswith("to: ")
    assert not company.exchange.calls


@pytest.mark.parametrize("body", [{}, {"to": None}, {"to": 5}, {"to": "4" * 65}, []])
def test_a_body_without_a_number_is_refused_by_name(body: Any, phone: FlaskClient, people: People) -> None:
    answer = phone.post("/api/calls", json=body, headers=people.alice.headers)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith(("to: ", "body: "))


def test_agents_place_no_calls(phone: FlaskClient, database: Database, company: Company) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)

    assert place(phone, agent).status_code == 403
    assert 'class="dial"' not in phone.get("/", headers=agent.headers).text
    assert not company.exchange.calls


def test_without_an_account_calls_are_refused_with_a_clear_message(client: FlaskClient, people: People) -> None:
    answer = place(client, people.alice)

    assert code_of(answer) == (503, "no_credentials")
    assert "account" in answer.get_json()["error"]["message"]


def test_only_an_operator_says_which_business_calls(phone: FlaskClient, people: People, database: Database) -> None:
    operators = place(phone, people.operator, business_id=people.alice.business_id)
    bobs = place(phone, people.bob, business_id=people.alice.business_id)
    nobodys = place(phone, people.operator, business_id=10**9)

    assert operators.get_json()["from"] == people.alice.number
    for refused in (bobs, nobodys):
        assert code_of(refused) == (400, "bad_request")
        assert refused.get_json()["error"]["message"].startswith("business_id: ")


def test_an_operator_of_no_business_must_say_which(phone: FlaskClient, people: People, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(User).values(business_id=None))

    assert code_of(place(phone, people.operator)) == (400, "bad_request")
    assert place(phone, people.operator, business_id=people.bob.business_id).status_code == 201


def test_a_business_without_a_number_of_its_own_does_not_call(
    phone: FlaskClient, people: People, database: Database
) -> None:
    with database.transaction() as session:  # Bob claims Alice's number too
        session.add(BusinessNumber(business_id=people.bob.business_id, number=people.alice.number))

    assert code_of(place(phone, people.alice)) == (409, "no_number")
    assert place(phone, people.bob).get_json()["from"] == people.bob.number


def test_asked_twice_with_a_key_it_is_one_call(phone: FlaskClient, people: People, company: Company) -> None:
    first, second = (place(phone, people.alice, key="a-key") for _ in range(2))
    of_bob = place(phone, people.bob, key="a-key")
    without = place(phone, people.alice)

    assert first.get_json()["call_sid"] == second.get_json()["call_sid"]
    assert {answer.status_code for answer in (first, second, of_bob, without)} == {201}
    assert len(company.exchange.calls) == 3


def test_pressed_eight_times_at_once_it_is_one_call(
    house: House, people: People, company: Company, redis_url: str
) -> None:
    app = app_of(house, redis_url, url=company.url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: place(app.test_client(), people.alice, key="a-key"), range(8)))

    assert {answer.get_json().get("call_sid") for answer in answers if answer.status_code == 201} == {
        call.sid for call in company.exchange.calls.values()
    }
    assert len(company.exchange.calls) == 1


def test_a_key_is_good_for_one_number(phone: FlaskClient, people: People, company: Company) -> None:
    place(phone, people.alice, key="a-key")

    assert code_of(place(phone, people.alice, "+14155550189", key="a-key")) == (409, "key_reused")
    assert len(company.exchange.calls) == 1


@pytest.mark.parametrize("key", ["k" * 129, "a key", "ключ".encode().decode("latin-1")])
def test_a_malformed_key_is_refused_by_name(key: str, phone: FlaskClient, people: People) -> None:
    answer = place(phone, people.alice, key=key)

    assert answer.status_code == 400
    assert answer.get_json()["error"]["message"].startswith("Idempotency-Key: ")


def test_no_connection_is_held_while_the_phone_company_thinks(
    house: House, people: People, company: Company, redis_url: str
) -> None:
    """It may take longer than a request has for PostgreSQL."""
    pool = house.database.engine.pool
    seen: list[int] = []

    class Slow(Telephony):
        def place_call(self, *arguments: Any, **options: Any) -> Any:
            seen.append(pool.checkedout())  # type: ignore[attr-defined]
            time.sleep(desk.PATIENCE_SECONDS + 0.5)
            return super().place_call(*arguments, **options)

    here = replace(house, telephony=Slow(ACCOUNT.account_sid, ACCOUNT.auth_token, company.url))
    client = create_app(here, secret_key=SECRET_KEY, redis_url=redis_url).test_client()

    assert place(client, people.alice, key="a-key").status_code == 201
    assert seen == [0]


def test_a_log_of_calls_names_no_number(phone: FlaskClient, people: People, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        place(phone, people.alice)

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("web.")]
    assert any(line.startswith("CALL_PLACED") for line in ours)
    assert not any(number in line for number in (TO, people.alice.number) for line in ours)
