"""Who may do what: every way into the web process, tried by everybody, on an object of their own business and of
another's. The ways come from the URL map; one that nobody has classed fails the first test."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from db import users
from db.engine import Database
from db.words import Role
from tests.support.people import PASSWORD_HASH, People
from tests.web import rows
from tests.web import sample_calls as sample
from web.house import House


class Access(Enum):
    """Whom a way lets in."""

    ANYBODY = "anybody"
    PHONE_COMPANY = "whoever can sign as the phone company"
    READERS = "everybody who has signed in, within their business"
    MANAGERS = "managers within their business, and operators"
    OPERATORS = "operators"


CLASS_OF_BLUEPRINT = {
    "webhooks": Access.PHONE_COMPANY,
    "rq_dashboard": Access.OPERATORS,
    "health": Access.ANYBODY,
    "document": Access.ANYBODY,
}
CLASS_OF = {
    "static": Access.ANYBODY,
    "pages.sign_in": Access.ANYBODY,
    "pages.choose_language": Access.ANYBODY,
    "pages.sign_out": Access.ANYBODY,
    "pages.recent_calls": Access.READERS,
    "pages.rows": Access.READERS,
    "pages.call": Access.READERS,
    "pages.retry": Access.MANAGERS,
    "api.list_calls": Access.READERS,
    "api.show_call": Access.READERS,
    "api.retry_stage": Access.MANAGERS,
    "api.recording_status": Access.READERS,
    "api.stream_recording": Access.READERS,
}

RETRY = {"stage": "recording", "force": True}
SENT: dict[str, dict[str, Any]] = {
    "api.retry_stage": {"json": RETRY},
    "pages.retry": {"data": {"stage": "recording"}},
}
"""What makes sense to each; the others take nothing."""

NOWHERE = {"call_sid": "CA" + "e" * 32}
"""Of each kind of object, one that does not exist."""

HARMLESS = {"filename": "site.css", "code": "he"}
"""What else an address may name."""

CSRF_TOKEN = re.compile(rb'name="csrf_token" value="[^"]*"')

READERS = ("nobody", "agent", "manager", "operator", "their agent", "their manager")
"""Of the business whose object it is; "their" are those of another one."""


@dataclass(frozen=True)
class Way:
    """One method of one route."""

    endpoint: str
    method: str
    rule: Rule

    @property
    def access(self) -> Access | None:
        return CLASS_OF.get(self.endpoint) or CLASS_OF_BLUEPRINT.get(self.endpoint.partition(".")[0])

    @property
    def needs_an_object(self) -> bool:
        return bool(self.rule.arguments & NOWHERE.keys())


def ways(app: Flask) -> Iterator[Way]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield Way(rule.endpoint, method, rule)


@pytest.fixture
def objects(house: House, people: People) -> dict[str, str]:
    """Of each kind, one of Alice's business."""
    call_sid = rows.add_fetched_call(house, people.alice.business_id, call_status="completed", direction="inbound")
    sample.add_transcript(house.database, call_sid)
    return {"call_sid": call_sid}


@pytest.fixture
def tokens(database: Database, people: People) -> dict[str, str | None]:
    """What each reader shows; Alice's and Bob's businesses have an agent too."""
    return {
        "nobody": None,
        "agent": token_of_agent(database, people.alice.business_id),
        "manager": people.alice.token,
        "operator": people.operator.token,
        "their agent": token_of_agent(database, people.bob.business_id),
        "their manager": people.bob.token,
    }


def token_of_agent(database: Database, business_id: int) -> str:
    with database.transaction() as session:
        email = f"agent-{business_id}@example.com"
        agent = users.add(session, email=email, password_hash=PASSWORD_HASH, role=Role.AGENT, business_id=business_id)
        return users.add_token(session, agent, "tests")


@pytest.fixture
def strangers_forms_count(app: Flask) -> FlaskClient:
    """A browser whose forms need no token: tests/web/test_forgery.py is about those."""
    app.config["WTF_CSRF_METHODS"] = set()
    return app.test_client()


def ask(client: FlaskClient, way: Way, token: str | None, values: dict[str, str]) -> TestResponse:
    with client.application.test_request_context():
        path = way.rule.build({name: (values | HARMLESS).get(name, "1") for name in way.rule.arguments})
    assert path is not None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with client.open(path[1], method=way.method, headers=headers, **SENT.get(way.endpoint, {})) as answer:
        answer.get_data()
    return answer


def is_turned_away(answer: TestResponse) -> bool:
    """Nobody has signed in: programs hear 401, people are led to the page where they can."""
    return answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/login"))


def is_done(answer: TestResponse) -> bool:
    return answer.status_code < 400 and not is_turned_away(answer)


def said(answer: TestResponse, values: dict[str, str]) -> tuple[int, bytes]:
    """Everything but the address that was asked for, which pages repeat in their links, and what is new each time."""
    told = CSRF_TOKEN.sub(b"", answer.data)
    for value in values.values():
        told = told.replace(value.encode(), b"")
    return answer.status_code, told


def test_every_way_is_classed(app: Flask) -> None:
    assert sorted({way.endpoint for way in ways(app) if way.access is None}) == []


@pytest.mark.parametrize("who", READERS)
def test_everybody_may_what_their_role_lets_them_and_nothing_else(
    who: str, app: Flask, strangers_forms_count: FlaskClient, objects: dict[str, str], tokens: dict[str, str | None]
) -> None:
    client = strangers_forms_count
    wrong = []
    for way in ways(app):
        if way.endpoint.startswith("rq_dashboard.") and who == "operator":
            continue  # theirs to answer; tests/web/test_queue_page.py looks at what is ours of it
        answer, of_nothing = (ask(client, way, tokens[who], values) for values in (objects, NOWHERE))
        is_told_nothing = said(answer, objects) == said(of_nothing, NOWHERE)
        if not is_right(who, way, answer, is_told_nothing):
            wrong.append(f"{way.method} {way.rule}: {answer.status_code}")

    assert not wrong, "\n".join(wrong)


def is_right(who: str, way: Way, answer: TestResponse, is_told_nothing: bool) -> bool:
    """Whether the answer is the one for that reader."""
    if way.access is Access.PHONE_COMPANY:
        return answer.status_code == 403
    if way.access is Access.ANYBODY:
        return answer.status_code < 400 or way.endpoint == "pages.sign_in"
    if who == "nobody":
        return is_turned_away(answer) or (way.access is Access.OPERATORS and answer.status_code == 404)
    if way.access is Access.OPERATORS and who != "operator":
        return answer.status_code in (403, 404) and is_told_nothing
    if way.access is Access.MANAGERS and "agent" in who:
        return answer.status_code == 403 or (who.startswith("their") and answer.status_code == 404)
    if way.needs_an_object and who.startswith("their"):
        return answer.status_code == 404 and is_told_nothing
    return is_done(answer)
