"""Signing in and out: what a stranger learns, and what a copied cookie is worth."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from db.engine import Database
from db.models import User
from tests.support.people import PASSWORD, People
from web import auth

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "javascript:alert(1)",
    "http:evil.example",
    "evil.example",
    "/\t/evil.example",
    " //evil.example",
    "/\r\nSet-Cookie: a=b",
)


@pytest.fixture
def visitors(app: Flask) -> tuple[FlaskClient, FlaskClient]:
    """Two browsers."""
    return app.test_client(), app.test_client()


def csrf_token(client: FlaskClient) -> str:
    found = TOKEN.search(client.get("/login").text)
    assert found
    return found.group(1)


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, to: str = "") -> TestResponse:
    form = {"email": email, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/login", query_string={"next": to} if to else None, data=form)


def sign_out(client: FlaskClient) -> TestResponse:
    return client.post("/logout", data={"csrf_token": csrf_token(client)})


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("session")
    return found.value if found else ""


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/api/calls").status_code == 200


def test_who_signs_in_reads_the_own_calls_until_signing_out(client: FlaskClient, people: People) -> None:
    assert not is_signed_in(client)

    assert sign_in(client, people.alice.email).status_code == 302
    assert is_signed_in(client)

    sign_out(client)
    assert not is_signed_in(client)


def test_an_address_is_the_same_in_capitals_and_with_spaces_around_it(client: FlaskClient, people: People) -> None:
    sign_in(client, f" {people.alice.email.upper()} ")

    assert is_signed_in(client)


def test_a_wrong_password_and_an_unknown_user_sound_the_same(
    visitors: tuple[FlaskClient, FlaskClient], people: People
) -> None:
    wrong = sign_in(visitors[0], people.alice.email, "wrong")
    unknown = sign_in(visitors[1], "nobody@example.com", "wrong")

    assert wrong.status_code == unknown.status_code == 401
    assert said(wrong, people.alice.email) == said(unknown, "nobody@example.com")
    assert not is_signed_in(visitors[0])


def test_an_unknown_user_takes_as_long_as_a_wrong_password(
    client: FlaskClient, people: People, database: Database
) -> None:
    with database.transaction() as session:
        session.query(User).filter_by(email=people.alice.email).update({"password_hash": auth.HASHER.hash(PASSWORD)})

    def seconds(email: str) -> float:
        form = {"email": email, "password": "wrong", "csrf_token": csrf_token(client)}
        began = time.process_time()
        assert client.post("/login", data=form).status_code == 401
        return time.process_time() - began

    wrong, unknown = (min(seconds(email) for _ in range(4)) for email in (people.alice.email, "nobody@example.com"))
    assert 0.5 < unknown / wrong < 2


def said(answer: TestResponse, email: str) -> str:
    """The page, but for the address that was typed and the form's own token."""
    return TOKEN.sub("", answer.text).replace(email, "")


def test_what_can_be_no_address_is_unknown(client: FlaskClient) -> None:
    for email in ("\0", "a\0@example.com", "' OR 1=1 --", "x" * 10_000, "", "🙂"):
        assert sign_in(client, email, "wrong").status_code == 401


def test_somebody_inactive_does_not_get_in(client: FlaskClient, people: People, database: Database) -> None:
    with database.transaction() as session:
        session.query(User).filter_by(email=people.alice.email).update({"is_active": False})

    assert sign_in(client, people.alice.email).status_code == 401


def test_a_session_ends_when_its_user_is_made_inactive(client: FlaskClient, people: People, database: Database) -> None:
    sign_in(client, people.alice.email)

    with database.transaction() as session:
        session.query(User).filter_by(email=people.alice.email).update({"is_active": False})

    assert not is_signed_in(client)


def test_the_session_s_cookie_is_another_after_signing_in(client: FlaskClient, people: People) -> None:
    csrf_token(client)
    planted = cookie(client)

    sign_in(client, people.alice.email)

    assert planted
    assert cookie(client) != planted


def test_a_cookie_planted_before_signing_in_opens_nothing_afterwards(
    visitors: tuple[FlaskClient, FlaskClient], people: People
) -> None:
    victim, thief = visitors
    csrf_token(thief)
    victim.set_cookie("session", cookie(thief))

    sign_in(victim, people.alice.email)

    assert is_signed_in(victim)
    assert not is_signed_in(thief)


def test_a_form_token_known_before_signing_in_sends_nothing_afterwards(client: FlaskClient, people: People) -> None:
    planted = csrf_token(client)
    sign_in(client, people.alice.email)

    assert client.post("/logout", data={"csrf_token": planted}).status_code == 403
    assert is_signed_in(client)


def test_a_copied_cookie_opens_nothing_after_signing_out(
    visitors: tuple[FlaskClient, FlaskClient], people: People
) -> None:
    victim, thief = visitors
    sign_in(victim, people.alice.email)
    thief.set_cookie("session", cookie(victim))
    assert is_signed_in(thief)

    sign_out(victim)

    assert not is_signed_in(thief)


def test_signing_out_here_leaves_other_browsers_and_tokens_alone(
    visitors: tuple[FlaskClient, FlaskClient], client: FlaskClient, people: People
) -> None:
    desk, phone = visitors
    sign_in(desk, people.alice.email)
    sign_in(phone, people.alice.email)

    sign_out(desk)

    assert is_signed_in(phone)
    assert client.get("/api/calls", headers=people.alice.headers).status_code == 200


def test_a_tampered_cookie_is_nobody_s(client: FlaskClient, people: People) -> None:
    sign_in(client, people.alice.email)
    client.set_cookie("session", cookie(client)[:-2] + "xx")

    assert not is_signed_in(client)


def test_the_session_s_cookie_is_for_the_browser_alone(client: FlaskClient, people: People) -> None:
    set_cookie = sign_in(client, people.alice.email).headers["Set-Cookie"]

    assert all(flag in set_cookie for flag in ("HttpOnly", "SameSite=Lax"))
    assert "Secure" in set_cookie  # PUBLIC_BASE_URL is https


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_a_form_without_its_own_token_changes_nothing(token: str | None, client: FlaskClient, people: People) -> None:
    sent = {} if token is None else {"csrf_token": token}
    attempt = client.post("/login", data={"email": people.alice.email, "password": PASSWORD} | sent)
    assert attempt.status_code == 403
    assert not is_signed_in(client)

    sign_in(client, people.alice.email)
    assert client.post("/logout", data=sent).status_code == 403
    assert is_signed_in(client)


def test_nobody_is_signed_out_by_following_a_link(client: FlaskClient, people: People) -> None:
    sign_in(client, people.alice.email)

    assert client.get("/logout").status_code == 405
    assert is_signed_in(client)


def test_signing_in_leads_nowhere_but_here(client: FlaskClient, people: People) -> None:
    for wanted in ELSEWHERE:
        location = sign_in(client, people.alice.email, to=wanted).headers["Location"]

        as_a_browser_reads_it = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
        assert re.match(r"/(?!/)", as_a_browser_reads_it), wanted


def test_signing_in_leads_to_the_page_that_was_wanted(client: FlaskClient, people: People) -> None:
    wanted = client.get("/calls/CA1").headers["Location"]
    assert wanted.startswith("/login?next=")

    assert sign_in(client, people.alice.email, to="/calls/CA1").headers["Location"] == "/calls/CA1"
