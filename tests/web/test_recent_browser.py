"""The list of recent calls in a real browser: searched while one types, growing at both ends."""

import re

from playwright.sync_api import expect

from db import search
from db.engine import Database
from db.words import Stage
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web.conftest import OpenPage
from tests.web.rows import call_of
from tests.web.test_pages_browser import POLL_MS, requests_of, stop_the_clock

SEARCH = "Search: number, name or words said"


def add_done(database: Database, business_id: int, number: int, summary: str = "") -> str:
    sid = sample.add_call(database, business_id, number, **sample.DONE, summary=summary or None)
    with database.transaction() as session:
        search.write(session, [call_of(database, sid).id])
    return sid


def add_busy(database: Database, business_id: int, number: int) -> str:
    sid = sample.add_call(database, business_id, number, **sample.FETCHED | {"transcript_status": "processing"})
    sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
    return sid


def test_the_list_follows_what_is_typed_with_one_request_a_pause_and_going_back_leads_back(
    open_page: OpenPage, database: Database, people: People
) -> None:
    found = add_done(database, people.alice.business_id, 1, "Wants the oak table.")
    add_done(database, people.alice.business_id, 2, "Wants a chair.")
    page = open_page("/", people.alice)
    rows = page.locator("[data-call]")
    expect(rows).to_have_count(2)
    stop_the_clock(page)
    field = page.get_by_label(SEARCH)

    with requests_of(page, "?q=") as asked:
        field.press_sequentially("oak")
        page.clock.run_for(299)
        assert asked == []
        page.clock.run_for(2)
        expect(rows).to_have_count(1)
        assert len(asked) == 1
        field.press_sequentially(" table")
        page.clock.run_for(301)
        expect(page.locator("mark")).to_have_text(["oak", "table"])
        page.clock.run_for(10_000)

    assert len(asked) == 2
    expect(page.locator(f"#row-{found}")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?q=oak\+table$"))
    expect(field).to_be_focused()
    page.clock.resume()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/$"))
    expect(rows).to_have_count(2)
    expect(field).to_have_value("")


def test_a_choice_narrows_the_list_and_nothing_found_says_so(
    open_page: OpenPage, database: Database, people: People
) -> None:
    add_done(database, people.alice.business_id, 1)
    page = open_page("/", people.alice)

    page.get_by_label("Which calls").select_option("Missed")
    expect(page.get_by_role("heading", level=2)).to_have_text("No call was found")
    page.get_by_role("link", name="Show all calls").click()

    expect(page.locator("[data-call]")).to_have_count(1)
    expect(page.get_by_label("Which calls")).to_have_value("all")


def test_the_form_works_without_scripts(open_page: OpenPage, database: Database, people: People) -> None:
    found = add_done(database, people.alice.business_id, 1, "Wants the oak table.")
    add_done(database, people.alice.business_id, 2)
    page = open_page("/", people.alice, java_script_enabled=False)

    page.get_by_label(SEARCH).fill("oak")
    page.get_by_role("button", name="Search").click()

    expect(page.locator("[data-call]")).to_have_count(1)
    row = page.locator(f"#row-{found}")
    row.locator("summary").click()
    expect(row.locator(".stages")).to_contain_text("Transcript")


def test_a_search_that_does_not_work_says_so_and_leaves_the_list(
    open_page: OpenPage, database: Database, people: People
) -> None:
    add_done(database, people.alice.business_id, 1)
    page = open_page("/", people.alice, tolerated="503")
    page.route("**/?q=*", lambda route: route.fulfill(status=503, body=""))

    page.get_by_label(SEARCH).fill("oak")

    expect(page.locator("#finding")).to_contain_text("The search did not work")
    expect(page.locator("[data-call]")).to_have_count(1)
    page.unroute("**/?q=*")
    page.get_by_label(SEARCH).fill("oaks")
    expect(page.get_by_role("heading", level=2)).to_have_text("No call was found")
    expect(page.locator("#finding")).not_to_contain_text("The search did not work")


def test_older_calls_are_added_below_and_are_kept_up_to_date_too(
    open_page: OpenPage, database: Database, people: People
) -> None:
    for number in range(1, 56):
        sample.add_call(database, people.alice.business_id, number, **sample.DONE)
    old = add_busy(database, people.alice.business_id, 60)
    page = open_page("/", people.alice)
    stop_the_clock(page)
    rows = page.locator("[data-call]")
    expect(rows).to_have_count(50)

    page.get_by_role("link", name="Older calls").click()
    expect(rows).to_have_count(56)
    expect(page).to_have_url(re.compile(r"/$"))
    with requests_of(page, "/rows") as asked:
        sample.change(database, old, **sample.DONE)
        sample.close_stages(database, old)
        with page.expect_response("**/rows*"):
            page.clock.run_for(POLL_MS)
        expect(page.locator(f"#row-{old} summary")).to_have_text("completed")
        page.clock.run_for(10 * POLL_MS)

    assert len(asked) == 1
    expect(rows).to_have_count(56)


def test_new_calls_appear_on_top_while_something_is_busy(
    open_page: OpenPage, database: Database, people: People
) -> None:
    busy = add_busy(database, people.alice.business_id, 10)
    page = open_page("/", people.alice)
    stop_the_clock(page)
    shown = page.locator("[data-call]")
    page.locator(f"#row-{busy} summary").click()

    new = sample.add_call(database, people.alice.business_id, 1, **sample.ON_THE_LINE)
    sample.add_call(database, people.bob.business_id, 2, **sample.ON_THE_LINE)
    with page.expect_response("**/rows*"):
        page.clock.run_for(POLL_MS)
    expect(shown).to_have_count(2)
    with page.expect_response("**/rows*"):
        page.clock.run_for(POLL_MS)

    expect(shown).to_have_count(2)
    assert shown.evaluate_all("rows => rows.map(row => row.dataset.call)") == [new, busy]
    expect(page.locator(f"#row-{busy} .stages")).to_be_visible()  # what was opened stays open


def test_a_narrow_list_is_kept_up_to_date_and_lets_no_new_call_in(
    open_page: OpenPage, database: Database, people: People
) -> None:
    add_busy(database, people.alice.business_id, 10)
    page = open_page("/?show=inbound", people.alice)
    stop_the_clock(page)

    sample.add_call(database, people.alice.business_id, 1, **sample.ON_THE_LINE | {"direction": "outbound"})
    with page.expect_response("**/rows*"):
        page.clock.run_for(POLL_MS)

    expect(page.locator("[data-call]")).to_have_count(1)
