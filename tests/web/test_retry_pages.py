"""The retry button on the pages: who sees it, at which stage, and what pressing it does."""

import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from db.engine import Database
from db.words import Role
from tests.support.people import People, make_person
from tests.web import rows
from tests.web import sample_calls as sample
from tests.web.browsing import csrf_token, fields_of, sign_in
from tests.web.conftest import OpenPage
from tests.web.rows import call_of, open_stages
from web.house import House

FORM = re.compile(r'<form class="retry".*?</form>', re.DOTALL)

NO_TEXTS = sample.FETCHED | {"transcript_status": "failed", "summary_status": "failed", "outcome": "gave_up"}
TO_BE_TRIED_AGAIN = sample.WAITING_FOR_PLAY | {
    "recording_download_status": "failed",
    "recording_next_retry_at": rows.LATER,
    "last_error": "Recording failed: The phone company did not answer.",
}


def forms(text: str) -> list[dict[str, str]]:
    """What each retry button on a page sends."""
    return [fields_of(form) for form in FORM.findall(text)]


@pytest.mark.parametrize(
    ("columns", "stages"),
    [
        (sample.GIVEN_UP, ["recording"]),
        (NO_TEXTS, ["transcript"]),
        (sample.NO_SUMMARY, ["summary"]),
        (TO_BE_TRIED_AGAIN, ["recording"]),
        (sample.UNRECORDED, []),
        (sample.DONE, []),
        (sample.DONE | {"outcome": "no_speech"}, []),
        (sample.WAITING_FOR_PLAY, []),
        (sample.ON_THE_LINE, []),
    ],
    ids=["recording", "transcript", "summary", "backoff", "unrecorded", "done", "no speech", "for play", "on"],
)
def test_what_can_be_retried_has_a_button_in_the_list_and_on_its_page(
    columns: dict[str, object], stages: list[str], client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **columns)

    sign_in(client, people.alice)
    paths = ("/", f"/calls/{call_sid}", f"/rows?id={call_of(database, call_sid).id}")
    shown = [forms(client.get(path).text) for path in paths]

    assert [[form["stage"] for form in page] for page in shown] == [stages] * 3


def test_agents_see_no_button_and_may_press_none(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    call_sid = sample.add_call(database, agent.business_id, 1, **sample.GIVEN_UP)

    sign_in(client, agent)
    assert forms(client.get(f"/calls/{call_sid}").text) == forms(client.get("/").text) == []
    token = csrf_token(client, "/")
    answer = client.post(f"/calls/{call_sid}/retry", data={"stage": "recording", "csrf_token": token})

    assert answer.status_code == 403
    assert open_stages(database) == []


def test_without_any_script_the_button_leads_to_the_call(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.UNRECORDED | {"outcome": "gave_up"})

    sign_in(client, people.alice)
    (form,) = forms(client.get("/").text)
    answers = [client.post(f"/calls/{call_sid}/retry", data=form) for _ in range(2)]  # pressed twice

    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(303, f"/calls/{call_sid}")] * 2
    assert open_stages(database) == ["recording"]
    assert rows.call_of(database, call_sid).retry_count == 1


def test_another_business_s_call_is_none_and_another_stage_is_none(
    client: FlaskClient, people: People, database: Database
) -> None:
    alices = sample.add_call(database, people.alice.business_id, 1, **sample.GIVEN_UP)

    sign_in(client, people.bob)
    token = csrf_token(client, "/")
    theirs = client.post(f"/calls/{alices}/retry", data={"stage": "recording", "csrf_token": token})
    nonsense = client.post(f"/calls/{alices}/retry", data={"stage": "download", "csrf_token": token})

    assert (theirs.status_code, nonsense.status_code) == (404, 400)
    assert open_stages(database) == []


def test_what_failed_says_why_even_where_there_is_a_summary(
    client: FlaskClient, people: People, database: Database
) -> None:
    sample.add_call(database, people.alice.business_id, 1, summary=sample.SUMMARY, **sample.GIVEN_UP)

    sign_in(client, people.alice)
    text = client.get("/").text

    assert "no attempt is left" in text
    assert "oak table" not in text


def test_pressing_the_button_in_the_list_puts_the_call_in_line_and_shows_it(
    open_page: OpenPage, people: People, database: Database, house: House
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.NO_SUMMARY)
    sample.add_transcript(database, call_sid)
    page = open_page("/", people.alice)
    expect(page.locator(f"#row-{call_sid} .line")).to_contain_text("did not answer in time")

    page.get_by_role("button", name="Retry - Summary").click()

    expect(page.locator(f"#row-{call_sid} .line")).to_have_text("The transcript is done and waits to be summed up.")
    expect(page.locator(f"#row-{call_sid} .retry")).to_have_count(0)
    assert house.queues.queue("summaries").job_ids == [f"summary-{call_sid}"]
    assert page.url.endswith("/")


def test_pressing_the_button_on_the_page_of_a_call_in_hebrew(
    open_page: OpenPage, people: People, database: Database, house: House
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **NO_TEXTS)
    page = open_page("/language/he", people.alice)
    page.goto(f"/calls/{call_sid}")

    page.get_by_role("button", name="נסה שוב - תמליל").click()

    expect(page.locator(".state .words")).to_have_text("ההקלטה כאן וממתינה לתמלול.")
    expect(page.locator(".timeline")).to_contain_text("התבקש ניסיון נוסף: תמליל")
    assert house.queues.queue("transcripts").job_ids == [f"transcript-{call_sid}"]


def test_pressing_the_button_of_a_page_that_is_too_old_loads_it_anew(
    open_page: OpenPage, people: People, database: Database
) -> None:
    sample.add_call(database, people.alice.business_id, 1, **sample.GIVEN_UP)
    page = open_page("/", people.alice, tolerated="403")
    page.locator(".retry [name=csrf_token]").evaluate("field => { field.value = 'from last year'; }")

    with page.expect_event("load"):
        page.get_by_role("button", name="Retry - Recording").click()

    assert open_stages(database) == []
    page.get_by_role("button", name="Retry - Recording").click()
    expect(page.locator(".retry")).to_have_count(0)
