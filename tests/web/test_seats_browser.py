"""Somebody presses play while as many listen as may: the player says so."""

import urllib.request

import pytest
from playwright.sync_api import expect

from conf.settings import Settings
from tests.support.people import People
from tests.web import rows
from tests.web.conftest import OpenPage
from web.house import House

LARGE = 32 * 1000 * 1000
"""More than lies on the way to a listener who takes none of it."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_listeners": 1})


def test_a_player_that_finds_no_seat_says_why_and_offers_to_try_again(
    open_page: OpenPage, site: str, house: House, people: People
) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id, bytes(LARGE), direction="inbound")
    page = open_page("/", people.alice, tolerated="503")
    listens = urllib.request.Request(f"{site}/api/recordings/{call_sid}/stream", headers=people.alice.headers)

    with urllib.request.urlopen(listens, timeout=10):
        page.get_by_role("button", name="Play the call").click()

        words = page.locator("#player [role=status]")
        expect(words).to_contain_text("Too many recordings are being played. Try again in a moment.")
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
