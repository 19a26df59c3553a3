"""How often a password may be tried, and whose address counts. No limit stands before a webhook."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from tests.conftest import SECRET_KEY
from tests.support.people import PASSWORD, People
from tests.support.twilio import ACCOUNT_SID, CALL_SID, PUBLIC_BASE_URL, Twilio, sign
from tests.web import variants
from tests.web.browsing import csrf_token
from web import create_app
from web.house import House


def attempt(client: FlaskClient, email: str, password: str = "wrong", *, origin: str, forwarded: str = "") -> int:
    """The status of one try from that address, through proxies that add `forwarded`."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"email": email, "password": password, "csrf_token": csrf_token(client)}
    return client.post("/login", data=form, headers=headers, environ_base={"REMOTE_ADDR": origin}).status_code


@pytest.fixture
def behind_proxy(house: House, redis_url: str) -> FlaskClient:
    """The application with one proxy before it that is trusted."""
    app = create_app(variants.under(house, trusted_proxies=1), secret_key=SECRET_KEY, redis_url=redis_url)
    app.testing = True
    return app.test_client()


def test_after_twenty_tries_in_a_minute_the_next_one_has_to_wait(client: FlaskClient, people: People) -> None:
    tries = [attempt(client, f"user-{number}@example.com", "", origin="192.0.2.1") for number in range(21)]

    assert tries == [401] * 20 + [429]
    assert attempt(client, people.alice.email, PASSWORD, origin="192.0.2.1") == 429
    assert attempt(client, people.alice.email, PASSWORD, origin="192.0.2.2") == 302
    assert client.get("/login").status_code == 200


def test_of_a_thousand_tries_in_a_minute_twenty_are_looked_at(client: FlaskClient, people: People) -> None:
    form = {"email": people.alice.email, "password": "", "csrf_token": csrf_token(client)}
    tries = [client.post("/login", data=form).status_code for _ in range(1000)]

    assert (tries.count(401), tries.count(429)) == (20, 980)


def test_one_user_s_password_is_not_tried_from_many_addresses_either(client: FlaskClient, people: People) -> None:
    spelled = (people.alice.email, f" {people.alice.email.upper()} ")
    tries = [attempt(client, spelled[n % 2], "", origin=f"192.0.2.{n}") for n in range(21)]

    assert tries == [401] * 20 + [429]
    assert attempt(client, people.alice.email, PASSWORD, origin="198.51.100.1") == 429
    assert attempt(client, people.bob.email, PASSWORD, origin="198.51.100.1") == 302


def test_signing_in_well_is_no_failed_try(client: FlaskClient, people: People) -> None:
    tries = [attempt(client, people.alice.email, PASSWORD, origin=f"192.0.2.{number}") for number in range(25)]

    assert tries == [302] * 25


def test_redis_holds_no_address_that_was_typed(client: FlaskClient, redis: Redis) -> None:
    attempt(client, "nobody@example.com", origin="192.0.2.1")

    keys = [key.decode() for key in redis.scan_iter()]
    assert any("sign_in" in key for key in keys)
    assert not any("nobody" in key for key in keys)


def test_a_forwarded_address_is_not_believed_unless_a_proxy_is_trusted(client: FlaskClient) -> None:
    tries = [
        attempt(client, f"{n}@example.com", "", origin="192.0.2.1", forwarded=f"198.51.100.{n}") for n in range(21)
    ]

    assert tries[-1] == 429


def test_behind_a_trusted_proxy_each_visitor_counts_alone(behind_proxy: FlaskClient, redis: Redis) -> None:
    def from_visitor(number: int, forwarded: str) -> int:
        return attempt(behind_proxy, f"{number}@example.com", "", origin="10.0.0.1", forwarded=forwarded)

    tries = [from_visitor(number, f"203.0.113.{number}, 198.51.100.1") for number in range(21)]
    assert tries == [401] * 20 + [429]  # what the visitor claims before the proxy's own word does not count
    assert from_visitor(21, "198.51.100.2") == 401


def test_without_redis_people_still_sign_in(house: House, people: People) -> None:
    client = variants.client_of(variants.without_redis(house))

    assert attempt(client, people.alice.email, PASSWORD, origin="192.0.2.1") == 302


def test_trusted_proxies_change_nothing_about_a_signature(behind_proxy: FlaskClient, people: People) -> None:
    target, form = "/webhook/incoming_call", {"AccountSid": ACCOUNT_SID, "CallSid": CALL_SID, "To": people.alice.number}
    forwarded = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}

    def status(base: str) -> int:
        headers = forwarded | {"X-Twilio-Signature": sign(target, form, base=base)}
        return behind_proxy.post(target, data=form, headers=headers).status_code

    assert status("https://evil.example") == 403
    assert status(PUBLIC_BASE_URL) == 200


def test_webhooks_are_never_too_many(app: Flask, twilio: Twilio, people: People) -> None:
    answers = {twilio.calls_in(people.alice.number).status_code for _ in range(60)}

    assert answers == {200}
