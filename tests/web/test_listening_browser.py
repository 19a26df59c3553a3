"""Hearing a call as a person does: its lanes, its words, its speed, the keyboard."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from db.engine import Database
from db.models import Recording
from db.words import Stage
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web.conftest import OpenPage
from tests.web.test_pages_browser import POLL_MS, requests_of, stop_the_clock, wait_until_heard
from web.house import House

PAINTED = """canvas => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const rows = new Set();
    for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) rows.add(Math.floor(at / 4 / canvas.width));
    return rows.size;
}"""
LOUD_THEN_QUIET = bytes([200] * 400 + [0] * 400 + [0] * 400 + [200] * 400)


@pytest.fixture
def sid(database: Database, people: People, house: House, tmp_path: Path) -> str:
    """A call of twelve seconds, transcribed with words, whose recording is here and outlined."""
    sid = sample.add_call(database, people.alice.business_id, 1, summary=sample.SUMMARY, **sample.DONE)
    sample.add_transcript(database, sid, sample.WORDS)
    sample.keep_recording(house, tmp_path / "recordings", sid)
    outline(database, LOUD_THEN_QUIET)
    return sid


def outline(database: Database, peaks: bytes | None) -> None:
    with database.transaction() as session:
        recording = session.scalars(select(Recording)).one()
        recording.peaks, recording.audio_seconds, recording.channels = peaks, 12, 2


def now(page: Page) -> float:
    return float(page.locator(".player-audio").evaluate("audio => audio.currentTime"))


def is_playing(page: Page) -> bool:
    return not page.locator(".player-audio").evaluate("audio => audio.paused")


def pause(page: Page) -> None:
    page.locator(".player-audio").evaluate("audio => audio.pause()")


def play(page: Page) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until_heard(page)


def test_two_lanes_are_drawn_without_loading_any_audio(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page("/", people.alice)

    with requests_of(page, "/api/") as asked:
        page.goto(f"/calls/{sid}")
        lanes = page.locator(".position .canvases canvas")
        expect(lanes).to_have_count(2)
        page.wait_for_load_state("networkidle")

    assert asked == []
    assert [lane.evaluate(PAINTED) > 20 for lane in lanes.all()] == [True, True]
    assert page.locator(".legend li").all_inner_texts() == ["Customer", "Business", "1 interruption"]
    expect(page.locator(".clock")).to_have_text("0:00 / 0:12")


def test_a_recording_that_nobody_outlined_has_flat_lanes_and_plays(
    open_page: OpenPage, database: Database, people: People, sid: str
) -> None:
    outline(database, None)
    page = open_page(f"/calls/{sid}", people.alice)

    lanes = page.locator(".position .canvases canvas")
    expect(lanes).to_have_count(2)
    assert all(lane.evaluate(PAINTED) < 6 for lane in lanes.all())
    play(page)

    assert is_playing(page)


def test_a_word_that_is_pressed_is_played_and_marked_while_it_is_spoken(
    open_page: OpenPage, people: People, sid: str
) -> None:
    page = open_page(f"/calls/{sid}", people.alice)

    page.get_by_text("Tuesday?", exact=True).click()
    wait_until_heard(page)
    pause(page)

    assert 5.2 <= now(page) < 7
    page.locator(".player-audio").evaluate("audio => { audio.currentTime = 3.5 }")
    expect(page.locator(".is-spoken")).to_have_text("4729,")
    expect(page.locator(".turn[aria-current]")).to_contain_text("4729")


def test_doubtful_words_are_underlined_and_not_their_whole_turn(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)

    assert page.locator(".turn u").all_inner_texts() == ["4729,", "Tuesday?"]
    turn = page.locator(".turn", has_text="4729")
    expect(turn).to_contain_text("worth listening to")
    expect(turn.locator(".turn-text")).to_have_text("Order 4729, can't you bring it on Tuesday?")
    expect(turn.locator(".turn-text")).to_have_css("text-decoration-line", "none")


def test_the_waveform_leads_to_where_it_is_pressed(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    place = page.get_by_role("slider").bounding_box()
    assert place

    page.mouse.click(place["x"] + place["width"] * 0.75, place["y"] + 20)
    wait_until_heard(page)

    assert 8.9 < now(page) < 11
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"0:(09|10|11) of 0:12"))


def test_the_keyboard_alone_plays_pauses_and_goes_to_and_fro(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)

    page.keyboard.press("Space")
    wait_until_heard(page)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert not is_playing(page)
    before = now(page)
    page.keyboard.press("ArrowRight")
    assert now(page) == pytest.approx(before + 5, abs=0.1)
    page.keyboard.press("ArrowLeft")
    assert now(page) == pytest.approx(before, abs=0.1)


def test_who_types_does_not_play(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    play(page)
    pause(page)
    before = now(page)

    page.get_by_label("Search in the transcript").press_sequentially("on tue")
    page.keyboard.press("ArrowLeft")
    page.get_by_label("Speed").press("ArrowDown")

    assert not is_playing(page)
    assert now(page) == before
    expect(page.get_by_label("Search in the transcript")).to_have_value("on tue")


def test_every_control_is_reached_by_tab_in_the_order_one_sees(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    page.get_by_role("button", name="Play", exact=True).focus()

    page.keyboard.press("Tab")
    expect(page.get_by_label("Search in the transcript")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Speed")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Position in the recording")).to_be_focused()
    assert page.locator(".turn-text :is(button, a, [tabindex])").count() == 0


def test_the_speed_is_remembered(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    page.get_by_label("Speed").select_option("1.75")
    page.reload()

    expect(page.get_by_label("Speed")).to_have_value("1.75")
    play(page)

    assert page.locator(".player-audio").evaluate("audio => audio.playbackRate") == 1.75


def test_what_is_searched_is_marked_in_the_text_and_on_the_waveform(
    open_page: OpenPage, people: People, sid: str
) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    field = page.get_by_label("Search in the transcript")
    found = page.locator(".found")

    field.fill("AN")  # in "can" and in "can't"
    expect(found).to_have_text("1 of 2")
    expect(page.locator(".marks .hit")).to_have_attribute("d", "M0.1167 0v2M0.3417 0v2")
    marked = """() => [...CSS.highlights.get('found')].map(one => {
        const range = new Range();
        range.setStart(one.startContainer, one.startOffset);
        range.setEnd(one.endContainer, one.endOffset);
        return String(range);
    })"""
    assert page.evaluate(marked) == ["an", "an"]
    field.press("Enter")
    expect(found).to_have_text("2 of 2")
    page.get_by_role("button", name="Next place").click()
    expect(found).to_have_text("1 of 2")
    page.get_by_role("button", name="Previous place").click()
    expect(found).to_have_text("2 of 2")
    field.fill("can't you bring")  # over several words
    expect(found).to_have_text("1 of 1")
    assert page.evaluate(marked) == ["can't you bring"]
    field.fill("nobody said this")
    expect(found).to_have_text("not found")
    expect(page.locator(".marks .hit")).to_have_attribute("d", "")
    expect(page.get_by_role("button", name="Next place")).to_be_disabled()


def test_the_missing_head_is_a_gap_with_its_seconds(
    open_page: OpenPage, database: Database, people: People, sid: str
) -> None:
    sample.add_event(database, sid, "recording_started", second=3.0)
    page = open_page(f"/calls/{sid}", people.alice)

    gap = page.locator(".gap")
    expect(gap).to_have_text("3 s")
    expect(page.locator(".legend")).to_contain_text("The first 3 s were not recorded")
    box, wave = gap.bounding_box(), page.get_by_role("slider").bounding_box()
    assert box and wave and box["x"] + box["width"] <= wave["x"]
    assert box["width"] / (box["width"] + wave["width"]) == pytest.approx(3 / 15, abs=0.02)


def test_in_hebrew_the_page_mirrors_and_the_waveform_does_not(
    open_page: OpenPage, database: Database, people: People, sid: str
) -> None:
    sample.add_event(database, sid, "recording_started", second=3.0)
    page = open_page(f"/calls/{sid}?lang=he", people.alice, viewport={"width": 1280, "height": 800})

    button, speed = page.locator("[data-play]").bounding_box(), page.locator(".speed").bounding_box()
    gap, wave = page.locator(".gap").bounding_box(), page.get_by_role("slider").bounding_box()
    assert button and speed and gap and wave
    assert button["x"] > speed["x"]
    assert gap["x"] < wave["x"]
    page.mouse.click(wave["x"] + wave["width"] * 0.25, wave["y"] + 20)
    wait_until_heard(page)
    assert 2.9 < now(page) < 5
    page.keyboard.press("Space")
    before = now(page)
    page.keyboard.press("ArrowRight")
    assert now(page) > before


def test_a_transcript_that_has_not_changed_is_left_alone_and_a_new_one_comes(
    open_page: OpenPage, database: Database, people: People, sid: str
) -> None:
    sample.open_stage(database, sid, Stage.SUMMARY, progress=10)
    page = open_page(f"/calls/{sid}", people.alice)
    stop_the_clock(page)
    page.locator("#transcript").evaluate(
        "element => new MutationObserver(() => { window.moved = true; })"
        ".observe(element, { childList: true, subtree: true, attributes: true, characterData: true })"
    )

    with page.expect_response(f"**/calls/{sid}") as unchanged:
        page.clock.run_for(POLL_MS)
    assert 'id="transcript"' not in unchanged.value.text()
    sample.change_transcript(database, sid, [*sample.WORDS, sample.TURNS[3]])
    assert page.evaluate("window.moved") is None
    page.get_by_label("Search in the transcript").fill("o'clock")
    with page.expect_response(f"**/calls/{sid}"):
        page.clock.run_for(POLL_MS)

    expect(page.locator(".turn")).to_have_count(4)
    expect(page.locator(".found")).to_have_text("1 of 1")
    expect(page.get_by_label("Search in the transcript")).to_have_value("o'clock")


def test_a_fact_of_the_summary_leads_to_where_it_was_said(
    open_page: OpenPage, database: Database, people: People, sid: str
) -> None:
    sample.change(database, sid, summary="Customer: Can't you bring it on Tuesday?\nThey spoke of order 4729.")
    page = open_page(f"/calls/{sid}", people.alice)

    assert page.locator(".said").all_inner_texts() == ["0:04", "4729 · 0:03"]
    page.get_by_role("link", name="4729 · 0:03: play from there").click()
    wait_until_heard(page)

    assert 3 <= now(page) < 5
    assert page.url.endswith(sid)


def test_without_script_there_are_an_audio_element_and_the_transcript(
    open_page: OpenPage, people: People, sid: str
) -> None:
    page = open_page(f"/calls/{sid}", people.alice, java_script_enabled=False)

    expect(page.locator("noscript audio")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()
    expect(page.get_by_role("slider")).to_be_hidden()
    expect(page.locator(".turn").first).to_contain_text("Green Valley, how can I help?")


def test_the_lanes_change_their_colours_with_the_light(open_page: OpenPage, people: People, sid: str) -> None:
    page = open_page(f"/calls/{sid}", people.alice)
    lane = page.locator(".position .canvases canvas").last
    colour = "canvas => canvas.getContext('2d').fillStyle"
    by_day = lane.evaluate(colour)

    page.emulate_media(color_scheme="dark")

    page.wait_for_function(
        "before => document.querySelector('[data-part=wave] > *').shadowRoot"
        ".querySelectorAll('.canvases canvas')[1].getContext('2d').fillStyle !== before",
        arg=by_day,
    )


@pytest.mark.slow
def test_two_hours_are_there_at_once(open_page: OpenPage, database: Database, people: People, sid: str) -> None:
    """20,000 words: a page of less than a megabyte and a half whose script answers within a second or two."""
    sample.change_transcript(database, sid, sample.long_talk(20_000))
    page = open_page("/", people.alice)

    answer = page.goto(f"/calls/{sid}")
    assert answer
    assert len(answer.body()) < 1_500_000
    field = page.get_by_label("Search in the transcript")
    field.fill("w19999")
    expect(page.locator(".found")).to_have_text("1 of 1", timeout=30_000)
    page.locator(".turn").last.locator("span").last.click()
    wait_until_heard(page)
    took = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    assert np.isfinite(took) and took < 5000


@pytest.mark.parametrize("width", [360, 1440])
def test_no_width_has_to_be_scrolled_sideways_while_playing(
    open_page: OpenPage, people: People, sid: str, width: int
) -> None:
    page = open_page(f"/calls/{sid}", people.alice, viewport={"width": width, "height": 740})
    play(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#player").evaluate("player => player.offsetHeight") < 230
