"""Deleting and calling on the pages, as they work without any script."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.test import TestResponse

from db.engine import Database
from db.words import Role
from tests.simulator.simulated_company import Company
from tests.support.people import People, make_person
from tests.web import rows
from tests.web import sample_calls as sample
from tests.web.browsing import fields_of, sign_in
from tests.web.conftest import OpenPage
from tests.web.phone import TO, app_of
from web.house import House

DIAL = re.compile(r'<form class="dial".*?</form>', re.DOTALL)


@pytest.fixture
def phone(house: House, company: Company, redis_url: str) -> FlaskClient:
    """A browser without scripts, before pages that reach the phone company."""
    return app_of(house, redis_url, url=company.url).test_client()


def dial_forms(client: FlaskClient, path: str) -> list[dict[str, str]]:
    return [fields_of(form) for form in DIAL.findall(client.get(path).text)]


def press(client: FlaskClient, form: dict[str, str], **typed: str) -> TestResponse:
    return client.post("/calls", data=form | typed)


def test_deleting_asks_first_and_says_so_afterwards(client: FlaskClient, people: People, database: Database) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, summary=sample.SUMMARY)
    sign_in(client, people.alice)
    assert f'href="/calls/{call_sid}/delete"' in client.get(f"/calls/{call_sid}").text

    question = client.get(f"/calls/{call_sid}/delete")
    assert "Nobody can bring it back." in question.text
    assert "goes on" not in question.text
    assert rows.call_of(database, call_sid).deleted_at is None
    done = client.post(f"/calls/{call_sid}/delete", data=fields_of(question.text))

    assert (done.status_code, done.location) == (303, "/")
    shown = client.get("/").text
    assert "The call is deleted." in shown
    assert call_sid not in shown
    assert "The call is deleted." not in client.get("/").text


def test_who_deletes_a_call_that_is_on_hears_that_it_goes_on(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.ON_THE_LINE)
    sign_in(client, people.alice)

    assert "The call itself goes on." in client.get(f"/calls/{call_sid}/delete").text


def test_bob_is_asked_nothing_about_alice_s_call(client: FlaskClient, people: People, database: Database) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sign_in(client, people.bob)
    token = fields_of(client.get("/").text)["csrf_token"]

    for path in (f"/calls/{call_sid}/delete", f"/calls/{sample.call_sid(9)}/delete"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"csrf_token": token}).status_code == 404
    assert rows.call_of(database, call_sid).deleted_at is None


def test_another_site_deletes_and_calls_nothing(phone: FlaskClient, people: People, database: Database) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sign_in(phone, people.alice)

    assert phone.post(f"/calls/{call_sid}/delete").status_code == 403
    assert phone.post("/calls", data={"to": TO}).status_code == 403
    assert rows.counts(database)["call_log"] == 1
    assert rows.call_of(database, call_sid).deleted_at is None


def test_a_call_from_the_list_leads_to_its_page(phone: FlaskClient, people: People, company: Company) -> None:
    sign_in(phone, people.alice)
    (form,) = dial_forms(phone, "/")

    placed, again = (press(phone, form, to="(415) 555-0188") for _ in range(2))

    (call,) = company.exchange.calls.values()
    assert (call.to, call.from_) == (TO, people.alice.number)
    assert {(answer.status_code, answer.location) for answer in (placed, again)} == {(303, f"/calls/{call.sid}")}
    shown = phone.get(placed.location).text
    assert "every 3s" in shown
    assert dial_forms(phone, "/") != [form]


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_somebody_is_called_back_from_the_call_s_page(
    direction: str, phone: FlaskClient, people: People, company: Company, database: Database
) -> None:
    ours, theirs = people.alice.number, TO
    numbers = {"from_number": theirs, "to_number": ours}
    if direction == "outbound":
        numbers = {"from_number": ours, "to_number": theirs}
    call_sid = sample.add_call(
        database, people.alice.business_id, 1, **sample.DONE | {"direction": direction} | numbers
    )
    for person in (people.alice, people.operator):
        sign_in(phone, person)
        (form,) = dial_forms(phone, f"/calls/{call_sid}")
        assert press(phone, form).status_code == 303

    assert [(call.from_, call.to) for call in company.exchange.calls.values()] == [(ours, theirs)] * 2


@pytest.mark.parametrize("number", [None, "anonymous", "sip:somebody@example.com"])
def test_who_has_no_number_is_not_called_back(
    number: str | None, client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE | {"from_number": number})
    sign_in(client, people.alice)

    assert dial_forms(client, f"/calls/{call_sid}") == []


def test_what_is_no_number_is_said_beside_the_form(phone: FlaskClient, people: People, company: Company) -> None:
    sign_in(phone, people.alice)
    (form,) = dial_forms(phone, "/")

    answer = press(phone, form, to="<b>12")

    assert answer.status_code == 400
    assert "This is not a telephone number." in answer.text
    assert 'value="&lt;b&gt;12"' in answer.text
    (again,) = (fields_of(found) for found in DIAL.findall(answer.text))
    assert press(phone, again, to=TO).status_code == 303


def test_agents_see_neither(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    call_sid = sample.add_call(database, agent.business_id, 1, **sample.DONE)
    sign_in(client, agent)

    assert dial_forms(client, "/") == dial_forms(client, f"/calls/{call_sid}") == []
    assert "/delete" not in client.get(f"/calls/{call_sid}").text
    token = fields_of(client.get("/").text)["csrf_token"]
    assert client.post(f"/calls/{call_sid}/delete", data={"csrf_token": token}).status_code == 403
    assert client.post("/calls", data={"csrf_token": token, "to": TO}).status_code == 403


def test_a_manager_deletes_with_the_keyboard_alone(open_page: OpenPage, people: People, database: Database) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    page = open_page(f"/calls/{call_sid}", people.alice)

    page.get_by_role("link", name="Delete…").press("Enter")
    expect(page.get_by_role("heading", name="Delete this call?")).to_be_visible()
    page.get_by_role("button", name="Delete for good").press("Enter")

    expect(page.get_by_role("status").filter(has_text="The call is deleted.")).to_be_visible()
    expect(page.locator(f"[data-call='{call_sid}']")).to_have_count(0)
