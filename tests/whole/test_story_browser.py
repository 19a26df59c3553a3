"""A person's day with the real system: signs in, finds a call, sees what failed and why, has it done again, listens."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from launch.demo import AUDIO
from tests.support.people import PASSWORD
from tests.support.system import System
from tests.web.test_pages_browser import wait_until_heard
from tests.web.test_pages_look import SHOTS

WORK_MS = 60_000
"""What a download, a transcript and a summary of half a minute may take on a busy machine."""


@pytest.fixture
def page(browser: Browser, second_zero: System) -> Iterator[Page]:
    """Nobody's browser yet, on a phone."""
    context = browser.new_context(base_url=second_zero.url, locale="en-GB", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_what_failed_is_found_done_again_and_heard(page: Page, second_zero: System) -> None:
    call_sid = second_zero.call(AUDIO, "--fault", "media_html")
    customer = second_zero.final(call_sid)["from"]

    page.goto("/")
    page.get_by_label("Email").fill(second_zero.owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Search: number, name or words said").fill(customer[-6:])
    row = page.locator(f"#row-{call_sid}")
    expect(row).to_contain_text("not audio")
    row.get_by_role("button", name="Retry - Recording").click()
    row.locator(".open").click()

    badges = page.locator("#call .stages")
    expect(badges.locator(".is-completed")).to_have_count(3, timeout=WORK_MS)
    expect(page.locator(".turn").first).to_be_visible()
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until_heard(page)
    word = page.locator(".turn").last.locator("span", has_text=re.compile(r"\w{4}")).first
    word.click()
    page.wait_for_function("document.querySelector('.player-audio').currentTime > 20")
    page.screenshot(path=SHOTS / "story-call-390.png", full_page=True)

    page.get_by_role("link", name="All calls with this number").click()
    expect(page.locator(f"#row-{call_sid}")).to_be_visible()
    page.get_by_role("link", name="עברית").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator(f"#row-{call_sid}")).to_contain_text("הושלם")
    page.screenshot(path=SHOTS / "story-lead-he-390.png", full_page=True)
