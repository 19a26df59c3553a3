"""A reader's own settings: nobody else's password, session or token is seen or ended here."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from db import users
from db.engine import Database
from db.models import ApiToken
from db.words import Role
from tests.support.people import PASSWORD, People, Person, make_person
from tests.web import rows
from tests.web.browsing import csrf_token, said, send, sign_in

NEW = "a brand new password"
CHANGE = {"old": PASSWORD, "new": NEW, "again": NEW}
MADE = re.compile(r'id="new-token">([^<]+)<')


@pytest.fixture
def browsers(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """Two of them."""
    return app.test_client(), app.test_client()


@pytest.fixture
def alice(client: FlaskClient, people: People) -> FlaskClient:
    """Her browser."""
    sign_in(client, people.alice)
    return client


def change_password(client: FlaskClient, **other: str) -> TestResponse:
    return send(client, "/settings/password", CHANGE | other)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/api/calls").status_code == 200


def tokens_of(database: Database, person: Person, name: str) -> list[ApiToken]:
    with database.transaction() as session:
        mine = session.query(ApiToken).filter_by(user_id=rows.user_id(database, person.email), name=name)
        return mine.order_by(ApiToken.id).all()


@pytest.mark.parametrize("role", Role)
def test_everybody_reads_who_they_are(role: Role, client: FlaskClient, database: Database) -> None:
    person = make_person(database, "dana@example.com", "+14155550104", role)
    sign_in(client, person)

    page = client.get("/settings").text

    assert "dana@example.com" in page
    assert "dana@example.com&#39;s business" in page
    assert role.value.capitalize() in page


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/settings").headers["Location"] == "/login?next=/settings"


def test_a_new_password_ends_every_other_session_and_renews_this_one(
    browsers: tuple[FlaskClient, FlaskClient], people: People, app: Flask
) -> None:
    desk, phone = browsers
    sign_in(desk, people.alice)
    sign_in(phone, people.alice)
    copied = app.test_client()
    copied.set_cookie("session", desk.get_cookie("session").value)  # type: ignore[union-attr]

    assert change_password(desk).headers["Location"] == "/settings"

    assert is_signed_in(desk)
    assert not is_signed_in(phone)
    assert not is_signed_in(copied)


def test_the_new_password_lets_in_and_the_old_one_does_not(alice: FlaskClient, people: People, app: Flask) -> None:
    change_password(alice)

    assert send(app.test_client(), "/login", {"email": people.alice.email, "password": PASSWORD}).status_code == 401
    assert send(app.test_client(), "/login", {"email": people.alice.email, "password": NEW}).status_code == 302


def test_tokens_outlive_a_new_password_of_ones_own(alice: FlaskClient, people: People, app: Flask) -> None:
    change_password(alice)

    assert app.test_client().get("/api/calls", headers=people.alice.headers).status_code == 200


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"old": "wrong"}, "This is not your password."),
        ({"old": ""}, "This is not your password."),
        ({"new": "1234567", "again": "1234567"}, "A password has 8 to 255 characters."),
        ({"new": "x" * 256, "again": "x" * 256}, "A password has 8 to 255 characters."),
        ({"again": "another"}, "This is another password than the one above."),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(
    typed: dict[str, str], told: str, alice: FlaskClient, people: People, app: Flask
) -> None:
    answer = change_password(alice, **typed)

    assert (answer.status_code, told in answer.text) == (400, True)
    assert not any(secret in answer.text for secret in (PASSWORD, NEW, "x" * 256))
    assert send(app.test_client(), "/login", {"email": people.alice.email, "password": PASSWORD}).status_code == 302


def test_the_old_password_is_not_to_be_guessed_here_either(alice: FlaskClient) -> None:
    token = csrf_token(alice, "/settings")
    form = CHANGE | {"old": "wrong", "csrf_token": token}

    tries = [alice.post("/settings/password", data=form).status_code for _ in range(21)]

    assert tries == [400] * 20 + [429]


def test_another_browser_is_signed_out_from_here(
    browsers: tuple[FlaskClient, FlaskClient], people: People, database: Database
) -> None:
    desk, phone = browsers
    sign_in(desk, people.alice)
    sign_in(phone, people.alice)
    here, there = tokens_of(database, people.alice, users.SESSION)
    page = desk.get("/settings").text
    assert f'name="id" value="{there.id}"' in page
    assert f'name="id" value="{here.id}"' not in page

    send(desk, "/settings/sessions/end", {"id": str(there.id)})

    assert is_signed_in(desk)
    assert not is_signed_in(phone)


def test_all_other_browsers_are_signed_out_at_once(
    browsers: tuple[FlaskClient, FlaskClient], client: FlaskClient, people: People
) -> None:
    for browser in (*browsers, client):
        sign_in(browser, people.alice)
    sign_in(bob := client.application.test_client(), people.bob)

    send(browsers[0], "/settings/sessions/end-others", {})

    assert [is_signed_in(browser) for browser in (*browsers, client, bob)] == [True, False, False, True]


def test_a_token_is_shown_once_and_opens_the_api(alice: FlaskClient, app: Flask, database: Database) -> None:
    answer = send(alice, "/settings/tokens", {"name": " my  laptop "})
    made = MADE.search(answer.text)
    assert made
    headers = {"Authorization": f"Bearer {made.group(1)}"}

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert app.test_client().get("/api/calls", headers=headers).status_code == 200
    page = alice.get("/settings").text
    assert "my laptop" in page
    assert made.group(1) not in page


@pytest.mark.parametrize("name", ["", "  ", "session", " session ", "x" * 256, "a\0b"])
def test_a_token_has_a_name_and_not_that_of_browsers(name: str, alice: FlaskClient, database: Database) -> None:
    assert send(alice, "/settings/tokens", {"name": name}).status_code == 400
    with database.transaction() as session:
        assert session.query(ApiToken).filter(ApiToken.name.notin_(["tests", users.SESSION])).count() == 0


def test_a_revoked_token_opens_nothing(alice: FlaskClient, people: People, database: Database, app: Flask) -> None:
    token = tokens_of(database, people.alice, "tests")[0]

    send(alice, "/settings/tokens/revoke", {"id": str(token.id)})

    assert app.test_client().get("/api/calls", headers=people.alice.headers).status_code == 401
    assert f'value="{token.id}"' not in alice.get("/settings").text


@pytest.mark.parametrize("path", ["/settings/sessions/end", "/settings/tokens/revoke"])
def test_bob_ending_what_is_alice_s_hears_what_he_would_of_nothing(
    path: str, browsers: tuple[FlaskClient, FlaskClient], people: People, database: Database
) -> None:
    alice, bob = browsers
    sign_in(alice, people.alice)
    sign_in(bob, people.bob)
    hers = [*tokens_of(database, people.alice, "tests"), *tokens_of(database, people.alice, users.SESSION)]
    nothing = said(send(bob, path, {"id": "2147483647"}), "2147483647")

    assert nothing[0] == 404
    for token in hers:
        assert said(send(bob, path, {"id": str(token.id)}), f"id {token.id}") == nothing
    assert is_signed_in(alice)
    assert bob.get("/api/calls", headers=people.alice.headers).status_code == 200
    assert people.alice.email not in bob.get("/settings").text


@pytest.mark.parametrize("junk", ["", "0", "-1", "x", "99999999999999", "1 OR 1=1", "\0"])
def test_what_is_no_id_is_nothing(junk: str, alice: FlaskClient) -> None:
    assert send(alice, "/settings/tokens/revoke", {"id": junk}).status_code == 404


def test_a_browser_s_token_is_no_bearer_token(alice: FlaskClient, people: People, app: Flask) -> None:
    with alice.session_transaction() as cookie:
        token = cookie["_user_id"]

    assert app.test_client().get("/api/calls", headers={"Authorization": f"Bearer {token}"}).status_code == 401
