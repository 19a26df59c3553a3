"""The pages in a real browser: what moves, what plays, and what is asked of the server meanwhile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.engine import Database
from db.words import Stage
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web.conftest import OpenPage
from tests.web.rows import add_recorded_call
from web.house import House

POLL_MS = 3100  # three seconds, and what htmx takes to settle
SIGN_IN = re.compile(r"/login(\?|$)")


@contextmanager
def requests_of(page: Page, path: str) -> Iterator[list[str]]:
    """The addresses asked for, among those that contain `path`, while the block runs."""
    seen: list[str] = []

    def note(request: object) -> None:
        url = str(getattr(request, "url", ""))
        if path in url:
            seen.append(url)

    page.on("request", note)
    yield seen
    page.remove_listener("request", note)


def stop_the_clock(page: Page) -> None:
    """From here on the page's time moves only by page.clock.run_for."""
    now = datetime.now(UTC)
    page.clock.install(time=now)
    page.clock.pause_at(now + timedelta(seconds=1))
    page.reload()


def count_words(page: Page) -> None:
    """Has the page count how often its player has said something: after that it waits."""
    page.locator("#player [role=status]").evaluate(
        """words => new MutationObserver(() => {
            words.dataset.told = Number(words.dataset.told ?? 0) + 1;
        }).observe(words, { childList: true, subtree: true })"""
    )


def wait_until_heard(page: Page) -> None:
    """Returns when a fifth of a second has been played."""
    page.locator(".player-audio").evaluate(
        """audio => new Promise(heard => {
            const look = () => audio.currentTime > 0.2 && heard();
            audio.addEventListener("timeupdate", look);
            look();
        })"""
    )


def badge(page: Page, sid: str, stage: str) -> str:
    """The words of one badge of a row, also while the three are folded into one."""
    found = page.locator(f"#row-{sid} .stages .stage", has=page.locator("dt", has_text=stage)).locator("dd")
    return " ".join((found.text_content() or "").split())


def test_somebody_who_has_signed_in_sees_the_calls_of_their_business_only(
    open_page: OpenPage, database: Database, people: People
) -> None:
    ours = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.add_call(database, people.bob.business_id, 2, **sample.DONE)

    page = open_page("/", people.alice)

    assert page.locator("[data-call]").evaluate_all("rows => rows.map(row => row.dataset.call)") == [ours]


def test_a_call_of_another_business_looks_like_one_that_does_not_exist(
    open_page: OpenPage, database: Database, people: People
) -> None:
    theirs = sample.add_call(database, people.bob.business_id, 1, **sample.DONE)

    page = open_page(f"/calls/{theirs}", people.alice)

    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")


def test_who_has_not_signed_in_is_led_back_to_where_they_wanted_to_go(
    open_page: OpenPage, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    page = open_page(f"/calls/{sid}")

    page.get_by_label("Email").fill(people.alice.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The address or the password is wrong.")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(f"/calls/{sid}$"))


def test_all_busy_rows_move_with_one_request_and_stop_when_everything_is_done(
    open_page: OpenPage, database: Database, people: People
) -> None:
    busy = [sample.add_call(database, people.alice.business_id, n, **sample.FETCHED) for n in (1, 2)]
    sample.add_call(database, people.alice.business_id, 3, **sample.DONE)
    for sid in busy:
        sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
        sample.change(database, sid, transcript_status="processing")
    page = open_page("/", people.alice)
    stop_the_clock(page)
    expect(page.locator("progress")).to_have_count(2)

    with requests_of(page, "/rows") as asked:
        sample.change(database, busy[0], transcript_status="completed")
        with page.expect_response("**/rows*"):
            page.clock.run_for(POLL_MS)
        expect(page.locator("progress")).to_have_count(1)
        assert len(asked) == 1
        assert badge(page, busy[0], "Transcript") == "completed"
        for sid in busy:
            sample.change(database, sid, **sample.DONE)
            sample.close_stages(database, sid)
        with page.expect_response("**/rows*"):
            page.clock.run_for(POLL_MS)
        expect(page.locator("progress")).to_have_count(0)
        page.clock.run_for(10 * POLL_MS)

    assert len(asked) == 2
    assert page.locator("[data-call]").count() == 3


def test_a_list_where_nothing_is_busy_asks_for_nothing_and_loads_no_recording(
    open_page: OpenPage, database: Database, people: People, house: House, tmp_path: Path
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.add_call(database, people.alice.business_id, 2, **sample.WAITING_FOR_PLAY)
    sample.keep_recording(house, tmp_path / "recordings", sid)
    page = open_page("/", people.alice)

    with requests_of(page, "/") as asked:
        stop_the_clock(page)
        page.wait_for_load_state("networkidle")
        page.clock.run_for(60_000)

    assert [url for url in asked if "/api/" in url or "/rows" in url] == []


def test_a_session_that_ended_leads_to_the_sign_in_page_not_into_the_list(
    open_page: OpenPage, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
    page = open_page("/", people.alice)
    stop_the_clock(page)

    page.context.clear_cookies()
    page.clock.run_for(POLL_MS)

    expect(page).to_have_url(SIGN_IN)


def test_play_shows_a_word_at_once_and_asks_less_and_less_often(
    open_page: OpenPage, database: Database, people: People
) -> None:
    sid = sample.add_call(
        database, people.alice.business_id, 1, **sample.FETCHED | {"recording_download_status": "queued"}
    )
    page = open_page("/", people.alice)
    stop_the_clock(page)

    count_words(page)

    words = page.locator("#player [role=status]")
    with requests_of(page, f"/api/recordings/{sid}/status") as asked:
        page.get_by_role("button", name="Play the call").click()
        expect(words).to_have_attribute("data-told", "2")  # loading, then processing
        expect(words).to_have_text("Processing… Recording is queued")
        for number, seconds in enumerate((2, 3, 4.5, 6.75, 8, 8, 8, 8), start=2):
            page.clock.run_for(int(seconds * 1000) - 1)
            assert len(asked) == number - 1
            page.clock.run_for(1)
            expect(words).to_have_attribute("data-told", str(number + 1))
            assert len(asked) == number
        page.clock.run_for(8000)
        expect(words).to_have_text("It takes longer than usual. Recording is queued")
        page.clock.run_for(60_000)

    assert len(asked) == 10
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_playing_a_missing_recording_has_it_fetched_once_and_plays_when_it_is_here(
    open_page: OpenPage, database: Database, people: People, house: House, tmp_path: Path
) -> None:
    sid = add_recorded_call(database, people.alice.business_id, **sample.WAITING_FOR_PLAY)
    page = open_page("/", people.alice)
    stop_the_clock(page)

    with requests_of(page, "/stream") as asked:
        with page.expect_response("**/stream") as answer:
            page.get_by_role("button", name="Play the call").click()
        assert answer.value.status == 202
        assert house.queues.queue("recordings").job_ids == [f"download-{sid}"]
        expect(page.locator(f"#row-{sid} .line")).to_have_text("The recording is finished and waits to be downloaded.")
        sample.keep_recording(house, tmp_path / "recordings", sid)
        with page.expect_response("**/status"):
            page.clock.run_for(2000)
        wait_until_heard(page)

    assert len(asked) >= 2
    assert not page.locator(".player-audio").evaluate("audio => audio.paused")


def test_a_recording_that_will_never_come_is_said_to_be_so_and_nothing_more_is_asked(
    open_page: OpenPage, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.WAITING_FOR_PLAY)
    page = open_page("/", people.alice)
    stop_the_clock(page)
    sample.change(database, sid, **sample.GIVEN_UP)

    with requests_of(page, "/api/recordings") as asked:
        page.get_by_role("button", name="Play the call").click()
        expect(page.locator("#player [role=status]")).to_contain_text("Recording could not be fetched")
        page.clock.run_for(60_000)

    assert len(asked) == 1
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_playing_goes_on_while_the_rows_are_brought_up_to_date(
    open_page: OpenPage, database: Database, people: People, house: House, tmp_path: Path
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
    sample.keep_recording(house, tmp_path / "recordings", sid)
    page = open_page("/", people.alice)
    stop_the_clock(page)
    page.get_by_role("button", name="Play the call").click()
    wait_until_heard(page)
    page.locator(f"#play-{sid}").focus()

    sample.change(database, sid, transcript_status="processing")
    with page.expect_response("**/rows*"):
        page.clock.run_for(POLL_MS)
    expect(page.locator("progress")).to_have_count(1)

    assert not page.locator(".player-audio").evaluate("audio => audio.paused")
    assert page.evaluate("document.activeElement.id") == f"play-{sid}"
    expect(page.locator(f"#row-{sid}")).to_have_attribute("data-playing", "")


def test_a_turn_that_is_pressed_is_played_and_the_spoken_one_is_marked(
    open_page: OpenPage, database: Database, people: People, house: House, tmp_path: Path
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, summary=sample.SUMMARY, **sample.DONE)
    sample.add_transcript(database, sid)
    sample.keep_recording(house, tmp_path / "recordings", sid)
    page = open_page(f"/calls/{sid}", people.alice)

    page.get_by_role("button", name="Play from 0:05").click()
    spoken = page.locator(".turn[aria-current]")
    expect(spoken).to_contain_text("on Tuesday instead")
    assert page.locator(".player-audio").evaluate("audio => audio.currentTime") >= 5.2

    page.locator(".turn").first.click()
    expect(spoken).to_contain_text("Green Valley Furniture")
    assert page.locator(".player-audio").evaluate("audio => audio.currentTime") < 2.4


def test_a_call_page_fills_by_itself_and_the_player_stays(
    open_page: OpenPage, database: Database, people: People, house: House, tmp_path: Path
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(database, sid, Stage.TRANSCRIPT, progress=10)
    sample.keep_recording(house, tmp_path / "recordings", sid)
    page = open_page(f"/calls/{sid}", people.alice)
    stop_the_clock(page)
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until_heard(page)

    sample.add_transcript(database, sid)
    sample.change(database, sid, summary=sample.SUMMARY, **sample.DONE)
    sample.close_stages(database, sid)
    with page.expect_response(f"**/calls/{sid}"):
        page.clock.run_for(POLL_MS)

    expect(page.locator(".turn")).to_have_count(4)
    expect(page.locator(".summary-text")).to_contain_text("oak table")
    assert not page.locator(".player-audio").evaluate("audio => audio.paused")
    with requests_of(page, f"/calls/{sid}") as asked:
        page.clock.run_for(10 * POLL_MS)
    assert asked == []


def test_the_language_is_remembered_and_hebrew_runs_from_right_to_left(
    open_page: OpenPage, database: Database, people: People
) -> None:
    sample.add_call(database, people.alice.business_id, 1, **sample.ON_THE_LINE)
    page = open_page("/", people.alice)

    page.get_by_role("link", name="עברית").click()
    page.reload()

    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("he", "rtl")
    page.locator(".fold summary").click()
    assert page.locator(".stages").inner_text().split() == ["הקלטה", "מקליט", "תמליל", "ממתין", "סיכום", "ממתין"]
    arrow = page.locator(".who .arrow").bounding_box()
    number = page.locator(".who .open").bounding_box()
    assert arrow and number and arrow["x"] > number["x"]


@pytest.mark.parametrize("path", ["//example.com/", "https://example.com/", "/\\example.com", "javascript:alert(1)"])
def test_choosing_a_language_never_leads_to_another_site(open_page: OpenPage, site: str, path: str) -> None:
    page = open_page(f"/language/en?next={path}")

    assert page.url.startswith(f"{site}/login")


def test_the_first_page_of_a_new_business_says_how_to_get_a_call(
    open_page: OpenPage, people: People, site: str
) -> None:
    page = open_page("/", people.alice, permissions=["clipboard-read", "clipboard-write"])

    expect(page.get_by_role("heading", level=2)).to_have_text("No calls yet")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}/webhook/incoming_call"


def test_signing_out_ends_the_session(open_page: OpenPage, people: People) -> None:
    page = open_page("/", people.alice)

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(SIGN_IN)
    page.goto("/")

    expect(page).to_have_url(SIGN_IN)
