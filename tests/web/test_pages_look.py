"""How the pages look: in both languages, on a phone and a desk, by day and by night."""

from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from db import businesses, leads, search
from db.engine import Database
from db.models import CallLog
from db.words import Role, Stage
from tests.support.people import People, Person, make_person
from tests.web import sample_calls as sample
from tests.web import sample_days
from tests.web.conftest import OpenPage

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "var" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

LONG_NAME = "Wilhelmina Featherstonehaugh-Cholmondeley of the Upper Valley"
WIDTHS = (1440, 768, 360)
LEAD = "+14155550199"

IS_DRAWN = """() => {
  const wave = document.querySelector("[data-part=wave] > div")?.shadowRoot.querySelector(".wrapper");
  return !wave || Math.abs(wave.clientWidth - (wave.querySelector("canvas")?.clientWidth ?? 0)) < 3;
}"""
"""A waveform is drawn anew a moment after the window has become another."""

EVEN, ODD, ALL = slice(0, None, 2), slice(1, None, 2), slice(None)
LOOKS = (
    ("en", "light", EVEN),
    ("he", "dark", ODD),
    pytest.param("en", "light", ODD, marks=pytest.mark.slow),
    pytest.param("he", "dark", EVEN, marks=pytest.mark.slow),
    pytest.param("en", "dark", ALL, marks=pytest.mark.slow),
    pytest.param("he", "light", ALL, marks=pytest.mark.slow),
)
"""Language, colours, and which of the pages: every day each page is looked at in one of the two."""


@pytest.fixture
def paths(database: Database, people: People) -> dict[str, tuple[str, Person | None]]:
    """The pages by name: path, and who reads it. Alice has calls, Bob has none yet."""
    alice, bob, nobody = people.alice, people.bob, None
    done = fill(database, alice.business_id)
    agent, operator = make_person(database, "agent@example.com", "+14155550104", Role.AGENT), people.operator
    confuse(database, people)
    return {
        "list": ("/", alice),
        "search": ("/?q=tuesday", alice),
        "search-hebrew": ("/?q=משלוח&show=outbound", alice),
        "nothing-found": ("/?q=zebra&period=range&start=2025-01-01&end=2025-01-31", alice),
        "call": (f"/calls/{done}", alice),
        "dear-call": (f"/calls/{sample.call_sid(8)}", alice),
        "busy-call": (f"/calls/{sample.call_sid(3)}", alice),
        "missed-call": (f"/calls/{sample.call_sid(5)}", alice),
        "failed-call": (f"/calls/{sample.call_sid(6)}", alice),
        "delete": (f"/calls/{done}/delete", alice),
        "delete-busy": (f"/calls/{sample.call_sid(1)}/delete", alice),
        "sign-in": ("/login", nobody),
        "empty": ("/", bob),
        "dashboard": ("/dashboard", alice),
        "empty-dashboard": ("/dashboard", bob),
        "costs": ("/dashboard/costs", alice),
        "all-costs": ("/dashboard/costs", operator),
        "lead": (f"/leads/{LEAD}", alice),
        "unknown-lead": (f"/leads/{LEAD}", bob),
        "error": ("/nowhere", alice),
        "api": ("/api/docs", alice),
        "refused": ("/settings/people", agent),
        "settings": ("/settings", alice),
        "settings-business": ("/settings/business", alice),
        "settings-people": (f"/settings/people?business={alice.business_id}", operator),
        "businesses": ("/operator/businesses", operator),
        "numbers": ("/operator/numbers", operator),
        "unassigned": ("/operator/unassigned", operator),
    }


def fill(database: Database, business_id: int) -> str:
    """A list in which every kind of call is; the CallSid of the one that is done."""
    sample.add_call(
        database, business_id, 1, call_status="in-progress", direction="inbound", recording_status="recording"
    )
    sample.open_stage(database, sample.call_sid(1), Stage.RECORDING)
    done = sample.add_call(database, business_id, 2, summary=sample.SUMMARY, **sample.DONE)
    sample.add_transcript(database, done)
    sample.add_story(database, done)
    sample.add_call(database, business_id, 3, **sample.FETCHED | {"transcript_status": "processing"})
    sample.open_stage(database, sample.call_sid(3), Stage.TRANSCRIPT, progress=40)
    sample.add_call(database, business_id, 4, **sample.DONE | {"direction": "outbound"}, summary=sample.HEBREW_SUMMARY)
    sample.add_call(database, business_id, 5, **sample.UNRECORDED)
    sample.add_call(database, business_id, 6, **sample.GIVEN_UP)
    sample.add_call(database, business_id, 7, **sample.NO_SUMMARY)
    for number in (11, 12):
        sample.add_call(database, business_id, number, **sample.DONE, from_number=LEAD, summary=sample.SUMMARY)
    sample_days.fill(database, business_id)
    dear = sample.DONE | {"estimated_cost_bucket": "HIGH", "stream_connect_count": 2, "webhook_retry_count": 3}
    sample.add_call(database, business_id, 8, **dear, summary="Order 4729 is wanted on Tuesday.")
    sample.add_transcript(database, sample.call_sid(8), sample.WORDS)
    sample.add_event(database, sample.call_sid(8), "recording_started", second=3.0)
    sample.add_call(database, business_id, 1500, **sample.DONE | {"outcome": "no_speech", "duration": 4000})
    names = {
        1: "Dana Levi",
        3: "יוסי כהן",
        5: "Yossi Cohen",
        6: LONG_NAME,
        7: "עמותת הידידים למען שימור המורשת התרבותית של העיר העתיקה יפו",
    }
    with database.transaction() as session:
        for number, name in names.items():
            leads.name_caller(session, business_id, f"+1415555{number:04d}", name)
    sample.add_call(database, business_id, 1510, **sample.WAITING_FOR_PLAY | {"from_number": None})
    with database.transaction() as session:
        search.write(session, list(session.scalars(select(CallLog.id))))
    return done


def confuse(database: Database, people: People) -> None:
    """A number that two businesses claim, and calls that belong to none."""
    with database.transaction() as session:
        businesses.add_number(session, people.bob.business_id, people.alice.number)
        inactive = businesses.add(session, "רהיטי העמק הירוק ושות׳, סניף מרכז העיר והסביבה בע״מ", [])
        inactive.is_active = False
    for number in (2000, 2001):
        sample.add_call(database, None, number, **sample.DONE)


def misfits(page: Page, name: str) -> list[str]:
    """The widths at which the page would have to be scrolled sideways."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(IS_DRAWN)
        page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
        needed = int(page.evaluate("document.documentElement.scrollWidth"))
        found += [f"needs {needed} px of {width}"] if needed > width else []
    return found


def violations(page: Page) -> list[str]:
    """What the accessibility rules find."""
    page.evaluate(AXE.read_text())
    options = {"runOnly": RULES, "resultTypes": ["violations"], "preload": False}  # it would write styles of its own
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("language", "scheme", "which"), LOOKS)
def test_every_page_fits_and_can_be_read_by_everybody(
    open_page: OpenPage, paths: dict[str, tuple[str, Person | None]], language: str, scheme: str, which: slice
) -> None:
    """Leaves its screenshots in var/screenshots."""
    readers = {person for _, person in paths.values()}
    pages = {person: open_page(f"/language/{language}", person, color_scheme=scheme) for person in readers}
    problems = []
    for name, (path, person) in list(paths.items())[which]:
        page = pages[person]
        answer = page.goto(path)
        assert answer and answer.status in (200, 403, 404)
        assert page.locator("html").get_attribute("dir") == ("rtl" if language == "he" else "ltr")
        problems += [f"{name}: {problem}" for problem in misfits(page, f"{name}-{scheme}-{language}")]
        problems += [f"{name}: {problem}" for problem in violations(page)]
    assert problems == []
