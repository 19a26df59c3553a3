"""The dashboard's page: complete without scripts, drawn with them, and with a list of what needs a person."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from psycopg2 import connect

from db.engine import Database
from tests.support.people import People
from tests.web import rows, sample_days
from tests.web import sample_calls as sample
from tests.web.conftest import OpenPage
from tests.web.test_pages import reading_as
from tests.web.test_pages_browser import POLL_MS, requests_of, stop_the_clock
from tests.web.test_retry_pages import forms

COLOURS = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
    return found.size;
}"""


def figures(text: str) -> list[str]:
    """The four numbers."""
    return re.findall(r'<dd class="count"><bdi>([^<]*)</bdi>', text)


def colours(page: Page, chart: str) -> int:
    """Of how many colours a chart is."""
    return int(page.locator(f"#{chart}").evaluate(COLOURS))


def test_everything_is_there_before_any_script(client: FlaskClient, people: People, database: Database) -> None:
    for number, columns in enumerate(sample_days.ENDINGS.values(), start=1):
        sample.add_call(database, people.alice.business_id, number, **columns)
    sample_days.add_life(database, sample.call_sid(1), downloaded=5, transcribed=83)

    with reading_as(client, people.alice):
        text = client.get("/dashboard?days=2").text

    assert figures(text) == ["5", "3", "1", "1"]
    assert text.count("<tbody>") == 4
    assert "1:23 min" in text
    assert "style=" not in text


def test_what_failed_is_listed_newest_first_with_its_reason_and_its_button(
    client: FlaskClient, people: People, database: Database
) -> None:
    for number in range(1, 23):
        sample.add_call(database, people.alice.business_id, number, **sample.GIVEN_UP)
    sample.add_call(database, people.alice.business_id, 30, **sample.UNRECORDED)
    sample.add_call(database, people.bob.business_id, 31, **sample.GIVEN_UP)

    with reading_as(client, people.alice):
        text = client.get("/dashboard").text
        older = re.search(r'href="(/dashboard[^"]*after=[^"]*)#needs"', text)
        assert older
        rest = client.get(older[1].replace("&amp;", "&")).text

    listed = [re.findall(r'<li class="entry" id="row-(CA\w+)"', page) for page in (text, rest)]
    assert listed == [[sample.call_sid(number) for number in part] for part in (range(1, 21), (21, 22))]
    assert text.count("The phone company answered with error 500.") == 20
    assert [form["stage"] for form in forms(text)] == ["recording"] * 20


def test_a_business_without_calls_is_told_how_to_get_one(client: FlaskClient, people: People) -> None:
    with reading_as(client, people.bob):
        text = client.get("/dashboard").text

    assert "The numbers appear here after the first call." in text
    assert "<canvas" not in text


def test_a_business_whose_calls_are_older_has_zeros(client: FlaskClient, people: People, database: Database) -> None:
    rows.add_call(database, people.bob.business_id, 60 * 24 * 30, **sample.DONE)

    with reading_as(client, people.bob):
        assert figures(client.get("/dashboard").text) == ["0"] * 4


def test_bob_sees_nothing_of_alice_s_calls(client: FlaskClient, people: People, database: Database) -> None:
    theirs = sample.add_call(database, people.alice.business_id, 1, **sample.GIVEN_UP)

    with reading_as(client, people.bob):
        assert theirs not in client.get("/dashboard").text
        assert theirs not in client.get(f"/dashboard/needs?id={rows.call_of(database, theirs).id}").text
        assert client.get(f"/dashboard?business_id={people.alice.business_id}").status_code == 404


def test_an_operator_chooses_a_business(client: FlaskClient, people: People, database: Database) -> None:
    sample.add_call(database, people.alice.business_id, 1, **sample.GIVEN_UP)
    sample.add_call(database, people.bob.business_id, 2, **sample.GIVEN_UP)

    with reading_as(client, people.operator):
        everything = client.get("/dashboard?business_id=").text
        alices = client.get(f"/dashboard?business_id={people.alice.business_id}").text

    assert figures(everything)[0] == "2"
    assert figures(alices)[0] == "1"
    assert f'<option value="{people.alice.business_id}" selected>' in alices
    with reading_as(client, people.alice):
        assert "<select" not in client.get("/dashboard").text


@pytest.mark.parametrize("query", ["days=0", "days=91", "days=x", "after=junk", "business_id=x"])
def test_what_cannot_be_shown_is_refused(query: str, client: FlaskClient, people: People) -> None:
    with reading_as(client, people.operator):
        assert client.get(f"/dashboard?{query}").status_code == 400


def test_more_calls_than_can_be_counted_are_no_dead_end(client: FlaskClient, people: People, database_url: str) -> None:
    with connect(database_url) as slow, reading_as(client, people.alice):
        slow.cursor().execute("LOCK TABLE call_event")
        answer = client.get("/dashboard?days=90")
        slow.rollback()

    assert answer.status_code == 503
    assert "Choose fewer days" in answer.text
    assert 'href="/dashboard?days=7"' in answer.text


@pytest.mark.parametrize("language", ["en", "he"])
def test_both_charts_are_drawn(language: str, open_page: OpenPage, people: People, database: Database) -> None:
    sample_days.fill(database, people.alice.business_id, days=3)
    sample.add_call(database, people.alice.business_id, 1, **sample.GIVEN_UP)

    page = open_page("/dashboard", people.alice, locale=language)

    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "he" else "ltr")
    page.wait_for_function("() => Object.keys(Chart.instances).length === 2")
    assert colours(page, "endings") > 5
    assert colours(page, "lengths") > 2


def test_charts_follow_day_and_night(open_page: OpenPage, people: People, database: Database) -> None:
    sample_days.fill(database, people.alice.business_id, days=2)
    page = open_page("/dashboard", people.alice, color_scheme="light")
    bar = "() => Chart.getChart('endings').data.datasets[0].backgroundColor"
    by_day = page.evaluate(bar)

    page.emulate_media(color_scheme="dark")

    page.wait_for_function(f"before => ({bar})() !== before", arg=by_day)


def test_on_a_phone_nothing_has_to_be_scrolled_sideways_and_tables_open(
    open_page: OpenPage, people: People, database: Database
) -> None:
    sample_days.fill(database, people.alice.business_id, days=2)
    page = open_page("/dashboard?days=30", people.alice, viewport={"width": 360, "height": 740})

    for summary in page.locator("details > summary").all():
        summary.click()

    expect(page.locator("details table").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_it_asks_for_nothing_until_a_retry_is_pressed_and_then_shows_where_the_call_stands(
    open_page: OpenPage, people: People, database: Database
) -> None:
    sid = rows.add_recorded_call(database, people.alice.business_id, **sample.GIVEN_UP)
    page = open_page("/dashboard", people.alice)
    stop_the_clock(page)
    row = page.locator(f"#row-{sid}")
    expect(row.get_by_text("answered with error 500")).to_be_visible()
    with requests_of(page, "/") as asked:
        page.clock.run_for(3 * POLL_MS)
        assert asked == []

    row.get_by_role("button", name="Retry - Recording").click()

    expect(row.get_by_text("waits to be downloaded")).to_be_visible()
