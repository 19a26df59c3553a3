"""A browser's cookie alone changes nothing: our own page must have sent it. A bearer token needs no page."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from db.engine import Database
from tests.support.people import People
from tests.web import rows
from tests.web.browsing import csrf_token, sign_in
from tests.web.rows import open_stages


@pytest.fixture
def failed(database: Database, people: People) -> str:
    """A call of Alice's whose recording was given up."""
    return rows.add_recorded_call(database, people.alice.business_id, recording_download_status="failed")


def ask(client: FlaskClient, call_sid: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/api/calls/{call_sid}/retry", json={"stage": "recording"}, headers=sent)


def test_a_cookie_alone_changes_nothing_through_the_api(
    client: FlaskClient, people: People, database: Database, failed: str
) -> None:
    sign_in(client, people.alice)

    for headers in ({}, {"X_CSRFToken": "wrong"}, {"X_CSRFToken": ""}, {"Authorization": "Bearer wrong"}):
        answer = ask(client, failed, **headers)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "forbidden")
    assert open_stages(database) == []


def test_a_cookie_with_the_page_s_token_does(client: FlaskClient, people: People, failed: str) -> None:
    sign_in(client, people.alice)

    assert ask(client, failed, X_CSRFToken=csrf_token(client)).status_code == 202


def test_another_browser_s_token_is_no_token(client: FlaskClient, people: People, failed: str) -> None:
    sign_in(client, people.alice)
    stranger = client.application.test_client()

    assert ask(client, failed, X_CSRFToken=csrf_token(stranger)).status_code == 403


def test_reading_with_a_cookie_needs_no_token(client: FlaskClient, people: People, failed: str) -> None:
    sign_in(client, people.alice)

    assert client.get(f"/api/calls/{failed}").status_code == 200


def test_who_shows_nothing_is_asked_who_they_are(client: FlaskClient, failed: str) -> None:
    assert ask(client, failed).status_code == 401


def test_a_retry_from_a_page_needs_the_token_too(
    client: FlaskClient, people: People, database: Database, failed: str
) -> None:
    sign_in(client, people.alice)

    assert client.post(f"/calls/{failed}/retry", data={"stage": "recording"}).status_code == 403
    assert client.get(f"/calls/{failed}/retry").status_code == 405
    assert open_stages(database) == []
