"""The page of a lead: all calls with a number in one stream."""

import re

from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select

from db import leads, search
from db.engine import Database
from db.models import CallLog
from db.words import Role, Stage
from tests.support.people import People, make_person
from tests.web import sample_calls as sample
from tests.web.browsing import csrf_token, without_what_is_new_each_time
from tests.web.conftest import OpenPage
from tests.web.rows import call_of
from tests.web.test_pages import reading_as
from tests.web.test_pages_browser import POLL_MS, requests_of, stop_the_clock

THEM = "+14155550199"
SUMMARY = "Sarah Cooper wants her table on Tuesday.\nThe business will call her back on Monday."


def test_summaries_are_open_and_the_last_promise_is_on_top(
    client: FlaskClient, people: People, database: Database
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, from_number=THEM, summary=SUMMARY)
    missed = sample.add_call(database, people.alice.business_id, 2, **sample.UNRECORDED, from_number=THEM)

    with reading_as(client, people.alice):
        text = client.get(f"/leads/{THEM}").text

    assert all(text.count(line) for line in SUMMARY.splitlines())
    assert re.search(r"Promised last.*will call her back on Monday", text, re.DOTALL)
    assert text.index(f'id="row-{sid}"') < text.index(f'id="row-{missed}"')


def test_however_a_number_is_written_its_page_has_one_address(client: FlaskClient, people: People) -> None:
    with reading_as(client, people.alice):
        answer = client.get("/leads/(415) 555-0199")
        assert (answer.status_code, answer.location) == (302, f"/leads/{THEM}")
        assert client.get("/leads/dana").status_code == 400


def test_bob_sees_of_alice_s_customer_what_he_would_of_a_number_that_never_called(
    client: FlaskClient, people: People, database: Database
) -> None:
    with reading_as(client, people.bob):
        before = client.get(f"/leads/{THEM}")
        sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, from_number=THEM)
        after = client.get(f"/leads/{THEM}")

    assert after.status_code == before.status_code
    assert without_what_is_new_each_time(after.data) == without_what_is_new_each_time(before.data)
    assert "No calls with this number" in after.text
    with reading_as(client, people.alice):
        assert sid in client.get(f"/leads/{THEM}").text


def test_an_operator_sees_whose_calls_they_are(client: FlaskClient, people: People, database: Database) -> None:
    for number, business_id in enumerate((people.alice.business_id, people.bob.business_id, None), start=1):
        sample.add_call(database, business_id, number, **sample.DONE, from_number=THEM)

    with reading_as(client, people.operator):
        text = client.get(f"/leads/{THEM}").text

    found = re.findall(r'class="tag"><bdi>([^<]*)</bdi>', text)
    assert found == ["alice@example.com&#39;s business", "bob@example.com&#39;s business", "No business"]


def test_a_lead_of_many_calls_goes_on_on_another_page(client: FlaskClient, people: People, database: Database) -> None:
    for number in range(1, 53):
        sample.add_call(database, people.alice.business_id, number, **sample.DONE, from_number=THEM)

    with reading_as(client, people.alice):
        first = client.get(f"/leads/{THEM}").text
        older = re.search(r'href="(/leads/[^"]*cursor=[^"]*)"', first)
        assert older
        second = client.get(older[1]).text

    rows = [re.findall(r'id="row-(CA\w+)"', text) for text in (first, second)]
    assert rows == [[sample.call_sid(number) for number in part] for part in (range(1, 51), (51, 52))]


def test_the_list_and_the_call_lead_to_the_lead(client: FlaskClient, people: People, database: Database) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, from_number=THEM)
    anonymous = sample.add_call(database, people.alice.business_id, 2, **sample.DONE, from_number="anonymous")

    with reading_as(client, people.alice):
        pages = [client.get(path).text for path in ("/", f"/calls/{sid}", f"/rows?id={call_of(database, sid).id}")]
        assert all(f'href="/leads/{THEM}"' in text for text in pages)
        assert pages[0].count("/leads/") == 1
        assert "/leads/" not in client.get(f"/calls/{anonymous}").text


def test_busy_calls_move_with_one_request_and_stop_when_they_are_done(
    open_page: OpenPage, database: Database, people: People
) -> None:
    busy = [
        sample.add_call(database, people.alice.business_id, number, **sample.FETCHED, from_number=THEM)
        for number in (1, 2)
    ]
    for sid in busy:
        sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
        sample.change(database, sid, transcript_status="processing")
    page = open_page(f"/leads/{THEM}", people.alice)
    stop_the_clock(page)
    expect(page.locator("progress")).to_have_count(2)

    for sid in busy:
        sample.change(database, sid, **sample.DONE, summary="It is done.")
        sample.close_stages(database, sid)
    with requests_of(page, "/leads/") as asked:
        page.clock.run_for(POLL_MS)
        expect(page.get_by_text("It is done.")).to_have_count(2)
        page.clock.run_for(3 * POLL_MS)

    assert len(asked) == 1
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_manager_names_a_number_for_the_own_business_alone(
    client: FlaskClient, people: People, database: Database
) -> None:
    for number, person in enumerate((people.alice, people.bob), start=1):
        sample.add_call(database, person.business_id, number, **sample.DONE, from_number=THEM)
    with database.transaction() as session:
        search.write(session, list(session.scalars(select(CallLog.id))))

    with reading_as(client, people.alice):
        form = {"name": " Sarah  Cooper ", "csrf_token": csrf_token(client, f"/leads/{THEM}")}
        assert client.post(f"/leads/{THEM}/name", data=form).status_code == 303
        assert all("Sarah Cooper" in client.get(path).text for path in (f"/leads/{THEM}", "/", "/?q=cooper"))
    with reading_as(client, people.bob):
        assert not any("Sarah Cooper" in client.get(path).text for path in (f"/leads/{THEM}", "/", "/?q=cooper"))


def test_a_blank_name_takes_the_name_away(client: FlaskClient, people: People, database: Database) -> None:
    with database.transaction() as session:
        leads.name_caller(session, people.alice.business_id, THEM, "Sarah Cooper")

    with reading_as(client, people.alice):
        form = {"name": " ", "csrf_token": csrf_token(client, f"/leads/{THEM}")}
        client.post(f"/leads/{THEM}/name", data=form)
        assert "Sarah Cooper" not in client.get(f"/leads/{THEM}").text


def test_an_agent_reads_names_and_gives_none(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)

    with reading_as(client, agent):
        form = {"name": "Sarah", "csrf_token": csrf_token(client, f"/leads/{THEM}")}
        assert "Name this number" not in client.get(f"/leads/{THEM}").text
        assert client.post(f"/leads/{THEM}/name", data=form).status_code == 403
