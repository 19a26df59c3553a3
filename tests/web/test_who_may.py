"""Who may do what: every way into the web process, tried by everybody, on an object of their own business and of
another's. The ways come from the URL map; one that nobody has classed fails the first test."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any
from urllib.parse import quote

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
from tests.web.browsing import without_what_is_new_each_time
from web import formats
from web.house import House


class Access(Enum):
    """Whom a way lets in."""

    ANYBODY = "anybody"
    PHONE_COMPANY = "whoever can sign as the phone company"
    READERS = "everybody who has signed in, within their business"
    MANAGERS = "managers within their business, and operators"
    OPERATORS = "operators"
    NEIGHBOURS = "whoever asks from this machine or its private network, as these tests do; tests/web/test_metrics.py"


CLASS_OF_BLUEPRINT = {
    "webhooks": Access.PHONE_COMPANY,
    "rq_dashboard": Access.OPERATORS,
    "health": Access.ANYBODY,
    "metrics": Access.NEIGHBOURS,
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
    "pages.lead": Access.READERS,
    "pages.dashboard": Access.READERS,
    "pages.needs": Access.READERS,
    "pages.settings": Access.READERS,
    "pages.change_password": Access.READERS,
    "pages.end_session": Access.READERS,
    "pages.end_other_sessions": Access.READERS,
    "pages.add_token": Access.READERS,
    "pages.revoke_token": Access.READERS,
    "pages.costs_by_week": Access.MANAGERS,
    "pages.retry": Access.MANAGERS,
    "pages.ask_to_delete": Access.MANAGERS,
    "pages.delete": Access.MANAGERS,
    "pages.place_call": Access.MANAGERS,
    "pages.name_lead": Access.MANAGERS,
    "pages.own_business": Access.MANAGERS,
    "pages.business": Access.MANAGERS,
    "pages.change_business": Access.MANAGERS,
    "pages.add_number": Access.MANAGERS,
    "pages.remove_number": Access.MANAGERS,
    "pages.people": Access.MANAGERS,
    "pages.add_user": Access.MANAGERS,
    "pages.change_role": Access.MANAGERS,
    "pages.change_activity": Access.MANAGERS,
    "pages.set_password": Access.MANAGERS,
    "pages.businesses": Access.OPERATORS,
    "pages.add_business": Access.OPERATORS,
    "pages.change_business_activity": Access.OPERATORS,
    "pages.numbers": Access.OPERATORS,
    "pages.settle_number": Access.OPERATORS,
    "pages.unassigned": Access.OPERATORS,
    "pages.give_calls": Access.OPERATORS,
    "api.list_calls": Access.READERS,
    "api.list_calls_of_last_week": Access.READERS,
    "api.list_calls_of_days": Access.READERS,
    "api.show_call": Access.READERS,
    "api.transcript_as_text": Access.READERS,
    "api.transcript_as_srt": Access.READERS,
    "api.transcript_as_vtt": Access.READERS,
    "api.transcript_as_json": Access.READERS,
    "api.recording_status": Access.READERS,
    "api.stream_recording": Access.READERS,
    "api.show_lead": Access.READERS,
    "api.show_stats": Access.READERS,
    "api.retry_stage": Access.MANAGERS,
    "api.delete_call": Access.MANAGERS,
    "api.place_call": Access.MANAGERS,
}

SENT: dict[str, dict[str, Any]] = {
    "api.list_calls_of_days": {"query_string": {"start": "2026-01-01", "end": "2026-01-31"}},
    "pages.retry": {"data": {"stage": "recording"}},
    "api.retry_stage": {"json": {"stage": "recording", "force": True}},
    "api.place_call": {"json": {"to": "+14155550123"}},
}
"""What those need before they look at who is asking."""

NOWHERE = {"call_sid": "CA" + "e" * 32, "phone": "+14155550000", "user_id": "99999", "business_id": "99999"}
"""Of each kind of object, one that does not exist."""

NAMED_IN_A_FORM = {"pages.end_session", "pages.revoke_token", "pages.settle_number", "pages.give_calls"}
"""They look for what the form names, which is nothing here; tests/web/test_settings.py is about what others have."""

HARMLESS = {"filename": "site.css", "code": "he"}
"""What else an address may name."""

READING = ("GET", "HEAD")
"""They leave an object as it was."""

NUMBER = re.compile(r"\+\d+")

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
def new_objects(house: House, people: People) -> Callable[[], dict[str, str]]:
    """Makes one of each kind in Alice's business: whoever may change one leaves it changed for the next."""
    numbers = count(1)

    def make() -> dict[str, str]:
        number, alices = next(numbers), people.alice.business_id
        phone = f"+1415556{number:04d}"
        call_sid = rows.add_call(house.database, alices, number, call_status="completed", from_number=phone)
        sample.add_transcript(house.database, call_sid)
        user_id = add_agent(house.database, alices, f"agent-{number}@example.com")[0]
        return {"call_sid": call_sid, "phone": phone, "user_id": str(user_id), "business_id": str(alices)}

    return make


@pytest.fixture
def tokens(database: Database, people: People) -> dict[str, str | None]:
    """What each reader shows; Alice's and Bob's businesses have an agent too."""
    return {
        "nobody": None,
        "agent": add_agent(database, people.alice.business_id, "alices@example.com")[1],
        "manager": people.alice.token,
        "operator": people.operator.token,
        "their agent": add_agent(database, people.bob.business_id, "bobs@example.com")[1],
        "their manager": people.bob.token,
    }


def add_agent(database: Database, business_id: int, email: str) -> tuple[int, str]:
    """An agent's id and token."""
    with database.transaction() as session:
        agent = users.add(session, email=email, password_hash=PASSWORD_HASH, role=Role.AGENT, business_id=business_id)
        return agent.id, users.add_token(session, agent, "tests")


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


def is_let_in(way: Way, answer: TestResponse) -> bool:
    """Whatever becomes of it then: most of what is sent makes no sense, and there is no phone company to call."""
    if way.endpoint in NAMED_IN_A_FORM and answer.status_code == 404:
        return True
    return answer.status_code not in (401, 403, 404, 405, 500) and not is_turned_away(answer)


def said(answer: TestResponse) -> tuple[int, bytes]:
    """Everything but the address that was asked for, which pages repeat in their links, the number in it, and what is
    new each time."""
    told = without_what_is_new_each_time(answer.data)
    path = answer.request.path
    numbers = [spelling for number in NUMBER.findall(path) for spelling in (number, formats.phone(number))]
    for repeated in (path, *numbers, *map(quote, numbers)):
        told = told.replace(repeated.encode(), b"")
    return answer.status_code, told


def test_every_way_is_classed(app: Flask) -> None:
    assert sorted({way.endpoint for way in ways(app) if way.access is None}) == []


@pytest.mark.parametrize("who", READERS)
def test_everybody_may_what_their_role_lets_them_and_nothing_else(
    who: str,
    app: Flask,
    strangers_forms_count: FlaskClient,
    new_objects: Callable[[], dict[str, str]],
    tokens: dict[str, str | None],
) -> None:
    client = strangers_forms_count
    wrong = []
    objects = new_objects()
    for way in ways(app):
        if way.endpoint.startswith("rq_dashboard.") and who == "operator":
            continue  # theirs to answer; tests/web/test_queue_page.py looks at what is ours of it
        answer, of_nothing = (ask(client, way, tokens[who], values) for values in (objects, NOWHERE))
        is_told_nothing = said(answer) == said(of_nothing)
        if not is_right(who, way, answer, is_told_nothing):
            wrong.append(f"{way.method} {way.rule}: {answer.status_code}")
        if way.method not in READING and answer.status_code < 400:
            objects = new_objects()

    assert not wrong, "\n".join(wrong)


def is_right(who: str, way: Way, answer: TestResponse, is_told_nothing: bool) -> bool:
    """Whether the answer is the one for that reader."""
    if way.access is Access.PHONE_COMPANY:
        return answer.status_code == 403
    if way.access in (Access.ANYBODY, Access.NEIGHBOURS):
        return answer.status_code < 400 or way.endpoint == "pages.sign_in"
    if who == "nobody":
        return is_turned_away(answer) or (way.access is Access.OPERATORS and answer.status_code == 404)
    if way.access is Access.OPERATORS and who != "operator":
        return answer.status_code in (403, 404) and is_told_nothing
    if way.access is Access.MANAGERS and "agent" in who:
        return answer.status_code == 403 or (who.startswith("their") and answer.status_code == 404)
    if way.needs_an_object and who.startswith("their"):
        return is_told_nothing and (answer.status_code == 404 or "phone" in way.rule.arguments)
    return is_let_in(way, answer)
