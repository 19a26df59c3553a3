"""People of an old installation sign in and find all their calls, each of them explained."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from db import users
from db.models import User
from db.words import Role
from tests.conftest import execute
from tests.legacy import odd_calls, people
from tests.legacy.conftest import Adopt, Adopted
from tests.support.twilio import Twilio

ALICE, BOB, ROOT = "alice@example.com", "bob@example.com", "root@example.com"
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture
def adopted(adopt: Adopt) -> Adopted:
    return adopt(odd_calls.fill)


def sign_in(client: FlaskClient, email: str, password: str = people.PASSWORD) -> bool:
    token = CSRF.search(client.get("/login").text)
    assert token
    client.post("/login", data={"email": email, "password": password, "csrf_token": token.group(1)})
    return client.get("/api/calls").status_code == 200


def reading_as(adopted: Adopted, email: str) -> FlaskClient:
    client = adopted.browser()
    assert sign_in(client, email)
    return client


def calls_of(client: FlaskClient, **query: str) -> list[dict[str, object]]:
    found, cursor = [], ""
    while cursor is not None:
        page = client.get("/api/calls", query_string={"limit": 7, "cursor": cursor} | query).get_json()
        found += page["calls"]
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("email", [ALICE, BOB, ROOT])
def test_an_old_password_lets_in_and_its_hash_is_renewed(adopted: Adopted, email: str) -> None:
    assert not sign_in(adopted.browser(), email, "a wrong password")
    assert sign_in(adopted.browser(), email)
    with adopted.database.transaction() as session:
        user = users.by_email(session, email)
        assert user and user.password_hash.startswith("$argon2id$")
    assert sign_in(adopted.browser(), email)
    assert not sign_in(adopted.browser(), email, "a wrong password")


@pytest.mark.parametrize("email", ["plain@example.com", "broken@example.com", "gone@example.com"])
def test_what_is_no_hash_lets_nobody_in(adopted: Adopted, email: str) -> None:
    assert not sign_in(adopted.browser(), email)


def test_old_roles_mean_what_they_meant_and_nobody_becomes_an_operator_by_name(adopted: Adopted) -> None:
    with adopted.database.transaction() as session:
        roles = {user.id: users.role_of(user) for user in session.query(User)}

    assert [roles[id] for id in (1, 2, 3, 4)] == [Role.MANAGER, Role.MANAGER, Role.OPERATOR, Role.AGENT]


def test_of_two_addresses_that_differ_in_capitals_each_lets_in_its_own(adopt: Adopt) -> None:
    two = "INSERT INTO users (business_id, email, password_hash) SELECT 2, 'BOB@example.com', password_hash FROM users"
    adopted = adopt(lambda url: execute(url, f"{two} WHERE email = 'bob@example.com'"))

    with adopted.database.transaction() as session:
        found = [users.by_email(session, email) for email in ("bob@example.com", "BOB@example.com", "Bob@Example.com")]
        assert [user and user.email for user in found] == ["bob@example.com", "BOB@example.com", "bob@example.com"]


def test_everybody_finds_all_own_calls_once_and_no_others(adopted: Adopted) -> None:
    own = {business: 0 for business in (odd_calls.ALICE, odd_calls.BOB)}
    for call in odd_calls.CALLS:
        own[call.business] += 1

    listed = {email: calls_of(reading_as(adopted, email)) for email in (ALICE, BOB, ROOT)}

    assert len(listed[ALICE]) == own[odd_calls.ALICE]
    assert len(listed[BOB]) == own[odd_calls.BOB]
    assert len(listed[ROOT]) == len(odd_calls.CALLS)
    with_sid = [call["call_sid"] for call in listed[ALICE] if call["call_sid"]]
    assert len(set(with_sid)) == len(with_sid) == own[odd_calls.ALICE] - 3


def test_calls_without_a_time_come_last(adopted: Adopted) -> None:
    times = [call["created_at"] for call in calls_of(reading_as(adopted, ALICE))]

    known = [time for time in times if time]
    assert known == sorted(known, reverse=True)
    assert times == known + [None] * (len(times) - len(known))


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "he"])
def test_every_old_call_is_explained_on_pages_that_open(adopted: Adopted, language: str) -> None:
    client = reading_as(adopted, ALICE)

    calls = calls_of(client, lang=language)
    pages = [client.get(f"/calls/{call['call_sid']}?lang={language}") for call in calls if call["call_sid"]]

    assert all(call["explanation"] for call in calls)
    assert {page.status_code for page in pages} == {200}
    assert client.get(f"/?lang={language}").status_code == 200


def test_the_reasons_of_old_calls_are_told_in_words(adopted: Adopted) -> None:
    told = {call["call_sid"]: call["explanation"] for call in calls_of(reading_as(adopted, ALICE))}
    by_name = {call.name: told.get(odd_calls.sid(place)) for place, call in enumerate(odd_calls.CALLS, start=1)}

    assert by_name["an address"] == "The recording is at the phone company; press play to have it fetched."
    assert by_name["both texts"] == "The texts are here; press play to have the recording fetched."
    assert by_name["busy"] == "The call was not recorded: nobody talked, or no recording was started."
    assert "never heard that the recording was finished" in str(by_name["only a sid, old"])


def test_a_call_that_cannot_be_asked_for_is_listed_with_the_reason_and_without_a_button(adopted: Adopted) -> None:
    client = reading_as(adopted, ROOT)
    rows = client.get("/").text + client.get("/rows", query_string={"id": range(1, 60)}).text

    assert "kept no CallSid" in rows
    assert "None" not in re.findall(r'href="/calls/([^"]*)"', rows)


def test_a_blank_summary_is_no_summary(adopted: Adopted) -> None:
    calls = {call["call_sid"]: call for call in calls_of(reading_as(adopted, ALICE))}
    blank = next(n for n, call in enumerate(odd_calls.CALLS, start=1) if call.name == "blanks are nothing")

    assert calls[odd_calls.sid(blank)]["summary"] is None


def test_a_text_in_another_column_is_shown_in_its_place(adopted: Adopted) -> None:
    place = next(n for n, call in enumerate(odd_calls.CALLS, start=1) if call.name == "a text in another column")
    client = reading_as(adopted, ALICE)

    shown = client.get(f"/api/calls/{odd_calls.sid(place)}").get_json()

    assert shown["transcript"] == [
        {"channel": None, "speaker": "unknown", "start": None, "end": None, "text": "שלום לכולם"}
    ]
    assert "שלום לכולם" in client.get(f"/calls/{odd_calls.sid(place)}").text


def test_a_new_call_inherits_nothing_from_old_defaults(adopted: Adopted) -> None:
    with adopted.database.transaction() as session:
        session.execute(text("ALTER TABLE call_log ALTER COLUMN transcript_status SET DEFAULT 'none'"))
        session.execute(text("ALTER TABLE call_log ALTER COLUMN recording_count SET DEFAULT 7"))

    answer = Twilio(adopted.browser()).calls_in("+14155550101")

    assert answer.status_code == 200
    newest = calls_of(reading_as(adopted, ALICE))[0]
    assert newest["call_status"] == "ringing"
    assert newest["transcript_status"] == "pending"
    assert newest["direction"] == "inbound"
