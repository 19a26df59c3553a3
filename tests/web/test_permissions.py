"""Who may do what: each view says it in one word, and a refusal says who can help. Every form comes from our page."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from db.engine import Database
from db.words import Role
from tests.support.people import People, Person, make_person
from tests.web import rows
from tests.web.browsing import csrf_token, send, sign_in

EVERYBODY, MANAGERS, OPERATORS = Role.AGENT, Role.MANAGER, Role.OPERATOR
PAGES = {
    "/settings": EVERYBODY,
    "/settings/business": MANAGERS,
    "/settings/business/1": MANAGERS,
    "/settings/people": MANAGERS,
    "/operator/businesses": OPERATORS,
    "/operator/numbers": OPERATORS,
    "/operator/unassigned": OPERATORS,
}
FORMS = {
    "/settings/password": EVERYBODY,
    "/settings/sessions/end": EVERYBODY,
    "/settings/sessions/end-others": EVERYBODY,
    "/settings/tokens": EVERYBODY,
    "/settings/tokens/revoke": EVERYBODY,
    "/settings/business/1": MANAGERS,
    "/settings/business/1/numbers": MANAGERS,
    "/settings/business/1/numbers/remove": MANAGERS,
    "/settings/people": MANAGERS,
    "/settings/people/1/role": MANAGERS,
    "/settings/people/1/password": MANAGERS,
    "/settings/people/1/active": MANAGERS,
    "/operator/businesses": OPERATORS,
    "/operator/businesses/1/active": OPERATORS,
    "/operator/numbers": OPERATORS,
    "/operator/unassigned": OPERATORS,
}
WHO_CAN_HELP = {
    MANAGERS: "A manager of your business can make you one.",
    OPERATORS: "Another operator can make you one.",
}
RANK = [EVERYBODY, MANAGERS, OPERATORS]


@pytest.fixture
def agent(database: Database, people: People) -> Person:
    return make_person(database, "agent@example.com", "+14155550104", Role.AGENT)


def own_routes(app: Flask, method: str) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/settings", "/operator")) and method in (rule.methods or ()):
            yield rule.rule.replace("<int:business_id>", "1").replace("<int:user_id>", "1")


def test_every_page_and_form_is_tried_here(app: Flask) -> None:
    assert set(own_routes(app, "GET")) == set(PAGES)
    assert set(own_routes(app, "POST")) == set(FORMS)


def test_a_stranger_signs_in_first(client: FlaskClient) -> None:
    for path in PAGES:
        assert client.get(path).headers["Location"].startswith("/login?next="), path
    for path in FORMS:
        assert send(client, path, {}).headers["Location"].startswith("/login?next="), path


@pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER])
def test_a_refusal_says_who_can_give_the_permission(
    role: Role, client: FlaskClient, people: People, agent: Person
) -> None:
    sign_in(client, agent if role is Role.AGENT else people.bob)
    beyond = {path: needed for path, needed in PAGES.items() if RANK.index(needed) > RANK.index(role)}
    forms = {path: needed for path, needed in FORMS.items() if RANK.index(needed) > RANK.index(role)}

    for path, needed in beyond.items():
        answer = client.get(path)
        assert (answer.status_code, WHO_CAN_HELP[needed] in answer.text) == (403, True), path
    for path, needed in forms.items():
        answer = send(client, path, {})
        assert (answer.status_code, WHO_CAN_HELP[needed] in answer.text) == (403, True), path


def test_the_api_refuses_in_the_same_words(client: FlaskClient, agent: Person, database: Database) -> None:
    call_sid = rows.add_call(database, agent.business_id)

    answer = client.post(f"/api/calls/{call_sid}/retry", json={"stage": "recording"}, headers=agent.headers)

    assert answer.status_code == 403
    assert WHO_CAN_HELP[MANAGERS] in answer.get_json()["error"]["message"]


def test_a_refusal_is_in_the_reader_s_language(client: FlaskClient, agent: Person) -> None:
    sign_in(client, agent)

    assert "מנהל של העסק יכול לתת אותה" in client.get("/settings/people?lang=he").text


def test_no_form_is_taken_without_its_page_s_token(client: FlaskClient, people: People, app: Flask) -> None:
    sign_in(client, people.operator)
    stranger = csrf_token(app.test_client())

    for path in FORMS:
        for sent in ({}, {"csrf_token": ""}, {"csrf_token": "wrong"}, {"csrf_token": stranger}):
            answer = client.post(path, data=sent, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 403, path


def test_a_bearer_token_alone_sends_no_form(client: FlaskClient, people: People) -> None:
    for path in FORMS:
        assert client.post(path, headers=people.operator.headers).status_code == 403, path


def test_nothing_changes_by_following_a_link(client: FlaskClient, people: People) -> None:
    sign_in(client, people.operator)

    for path in FORMS.keys() - PAGES.keys():
        assert client.get(path).status_code == 405, path


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_header_leads_where_the_reader_may_go(
    language: str, client: FlaskClient, people: People, agent: Person
) -> None:
    for person, beyond in ((agent, 0), (people.alice, 0), (people.operator, 2)):
        sign_in(client, person)
        page = client.get(f"/settings?lang={language}").text
        assert sum(f'<a href="{path}"' in page for path in ("/operator/businesses", "/admin/rq")) == beyond
        assert '<a href="/settings" aria-current="page">' in page
        assert ('href="/settings/people"' in page) is (person is not agent)


@pytest.mark.parametrize(
    ("path", "place"), [("/", "/"), ("/settings/people", "/settings"), ("/operator/numbers", "/operator/businesses")]
)
def test_the_place_one_is_in_is_marked(path: str, place: str, client: FlaskClient, people: People) -> None:
    sign_in(client, people.operator)

    header = client.get(path).text.split("</header>")[0]

    assert header.count('aria-current="page"') + header.count('aria-current="true"') == 2  # and the language
    assert f'<a href="{place}" aria-current="' in header


def test_after_a_form_the_language_is_chosen_on_a_page_that_can_be_read(client: FlaskClient, people: People) -> None:
    sign_in(client, people.alice)

    refused = send(client, "/settings/people/1/role", {"role": "operator"})

    assert refused.status_code == 400
    assert 'href="/language/he?next=/settings/people"' in refused.text
