"""The application with a phone company to place calls through, and how a test asks for one."""

from dataclasses import replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from providers.telephony import Telephony
from tests.conftest import SECRET_KEY
from tests.simulator.simulated_company import ACCOUNT
from tests.support.people import Person
from web import create_app
from web.house import House

TO = "+14155550188"


def telephony(url: str, token: str = ACCOUNT.auth_token) -> Telephony:
    return Telephony(ACCOUNT.account_sid, token, url)


def app_of(house: House, redis_url: str, *, url: str, token: str = ACCOUNT.auth_token, **settings: Any) -> Flask:
    """The application with the phone company at that address."""
    known = house.settings.model_copy(update=settings)
    here = replace(house, settings=known, telephony=telephony(url, token))
    return create_app(here, secret_key=SECRET_KEY, redis_url=redis_url)


def place(client: FlaskClient, person: Person, to: str = TO, key: str | None = None, **more: Any) -> TestResponse:
    headers = person.headers | ({"Idempotency-Key": key} if key else {})
    return client.post("/api/calls", json={"to": to, **more}, headers=headers)


def code_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]
