"""The people of a business: a manager's own, never operators, never another business's."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from db import users
from db.engine import Database
from db.models import User
from db.words import Role
from tests.support.locks import waiting
from tests.support.people import PASSWORD, PASSWORD_HASH, People, Person, make_person
from tests.support.system import eventually
from tests.web import rows
from tests.web.browsing import said, send, sign_in

MADE = re.compile(r'id="new-password">([^<]+)<')
NEW = "a brand new password"
CHANGES = (("role", {"role": "agent"}), ("password", {"password": NEW}), ("active", {"active": "no"}))


@pytest.fixture
def alice(client: FlaskClient, people: People) -> FlaskClient:
    """Her browser."""
    sign_in(client, people.alice)
    return client


@pytest.fixture
def operator(app: Flask, people: People) -> FlaskClient:
    """The operator's browser."""
    browser = app.test_client()
    sign_in(browser, people.operator)
    return browser


def add(database: Database, email: str, role: Role, business_id: int | None) -> int:
    with database.transaction() as session:
        return users.add(session, email=email, password_hash=PASSWORD_HASH, role=role, business_id=business_id).id


def user(database: Database, user_id: int) -> User:
    with database.transaction() as session:
        return session.get_one(User, user_id)


def change(client: FlaskClient, user_id: int, what: str, **fields: str) -> TestResponse:
    return send(client, f"/settings/people/{user_id}/{what}", fields)


def can_sign_in(app: Flask, email: str, password: str) -> bool:
    return send(app.test_client(), "/login", {"email": email, "password": password}).status_code == 302


def test_a_manager_adds_somebody_whose_password_is_made_and_shown_once(
    alice: FlaskClient, people: People, app: Flask, database: Database
) -> None:
    answer = send(alice, "/settings/people", {"email": " Dana@example.com ", "role": "agent", "password": ""})

    made = MADE.search(answer.text)
    assert made
    assert can_sign_in(app, "dana@example.com", made.group(1))
    added = user(database, rows.user_id(database, "Dana@example.com"))
    assert (users.role_of(added), added.business_id) == (Role.AGENT, people.alice.business_id)
    page = alice.get("/settings/people").text
    assert "Dana@example.com" in page
    assert made.group(1) not in page


def test_a_password_that_was_typed_is_not_shown(alice: FlaskClient, app: Flask) -> None:
    answer = send(alice, "/settings/people", {"email": "dana@example.com", "role": "manager", "password": NEW})

    assert (answer.status_code, NEW in answer.text) == (200, False)
    assert can_sign_in(app, "dana@example.com", NEW)


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"email": "nobody"}, 400),
        ({"email": "a b@example.com"}, 400),
        ({"email": "x" * 250 + "@example.com"}, 400),
        ({"password": "short"}, 400),
        ({"role": "operator"}, 400),
        ({"role": "system_admin"}, 400),
        ({"role": ""}, 400),
        ({"email": "BOB@example.com"}, 409),
    ],
)
def test_nobody_is_added_who_cannot_be(
    typed: dict[str, str], status: int, alice: FlaskClient, database: Database
) -> None:
    form = {"email": "dana@example.com", "role": "agent", "password": NEW} | typed

    assert send(alice, "/settings/people", form).status_code == status
    with database.transaction() as session:
        assert session.query(User).count() == 3


def test_an_address_of_somebody_inactive_is_not_given_again(
    alice: FlaskClient, people: People, database: Database
) -> None:
    gone = add(database, "gone@example.com", Role.AGENT, people.alice.business_id)
    change(alice, gone, "active", active="no")

    form = {"email": "Gone@example.com", "role": "agent", "password": NEW}
    assert send(alice, "/settings/people", form).status_code == 409


def test_of_many_who_add_one_address_at_once_one_does(app: Flask, people: People, database: Database) -> None:
    browsers = [app.test_client() for _ in range(3)]
    for browser in browsers:
        sign_in(browser, people.operator)
    form = {"email": "dana@example.com", "role": "operator", "password": NEW}

    with ThreadPoolExecutor() as crowd, database.transaction() as session:
        users.add(session, email=form["email"], password_hash=PASSWORD_HASH, role=Role.OPERATOR, business_id=None)
        sent = [crowd.submit(send, browser, "/settings/people", form) for browser in browsers]
        eventually(lambda: waiting(database) == len(browsers))
        session.rollback()

    assert sorted(answer.result().status_code for answer in sent) == [200, 409, 409]


@pytest.mark.parametrize(("what", "fields"), CHANGES)
def test_each_change_ends_the_sessions_of_who_is_changed(
    what: str, fields: dict[str, str], alice: FlaskClient, people: People, app: Flask, database: Database
) -> None:
    manager = make_person(database, "dana@example.com", "+14155550104", Role.MANAGER)
    with database.transaction() as session:
        theirs = update(User).where(User.email == manager.email).values(business_id=people.alice.business_id)
        session.execute(theirs)
    browser = app.test_client()
    sign_in(browser, manager)

    change(alice, rows.user_id(database, manager.email), what, **fields)

    assert browser.get("/api/calls").status_code == 401
    has_token = app.test_client().get("/api/calls", headers=manager.headers).status_code == 200
    assert has_token is (what != "active")
    assert alice.get("/settings/people").status_code == 200


def test_somebody_made_active_again_signs_in_and_needs_new_tokens(
    alice: FlaskClient, people: People, app: Flask, database: Database
) -> None:
    dana = add(database, "dana@example.com", Role.AGENT, people.alice.business_id)
    with database.transaction() as session:
        token = users.add_token(session, session.get_one(User, dana), "laptop")
    change(alice, dana, "active", active="no")
    assert not can_sign_in(app, "dana@example.com", PASSWORD)

    change(alice, dana, "active", active="yes")

    assert can_sign_in(app, "dana@example.com", PASSWORD)
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/calls", headers=headers).status_code == 401


@pytest.mark.parametrize(("what", "fields"), CHANGES)
def test_bob_changing_alice_s_people_hears_what_he_would_of_nobody(
    what: str, fields: dict[str, str], people: People, app: Flask, database: Database
) -> None:
    bob = app.test_client()
    sign_in(bob, people.bob)
    before = user(database, rows.user_id(database, people.alice.email))

    hers = said(change(bob, before.id, what, **fields), f"/{before.id}/")
    nobodys = said(change(bob, 2147483647, what, **fields), "/2147483647/")

    assert hers == nobodys
    assert hers[0] == 404
    after = user(database, before.id)
    assert (after.role, after.is_active, after.password_hash) == (before.role, before.is_active, before.password_hash)
    assert people.alice.email not in bob.get("/settings/people").text


def test_bob_neither_lists_nor_adds_people_of_alice_s_business(people: People, app: Flask, database: Database) -> None:
    bob = app.test_client()
    sign_in(bob, people.bob)
    path = f"/settings/people?business={people.alice.business_id}"

    assert bob.get(path).status_code == 404
    form = {"email": "spy@example.com", "role": "manager", "password": NEW}
    assert send(bob, path, form).status_code == 404
    assert not can_sign_in(app, "spy@example.com", NEW)


@pytest.mark.parametrize(("what", "fields"), CHANGES)
def test_an_operator_of_the_business_is_out_of_its_managers_reach(
    what: str, fields: dict[str, str], alice: FlaskClient, people: People, database: Database
) -> None:
    above = add(database, "above@example.com", Role.OPERATOR, people.alice.business_id)

    assert change(alice, above, what, **fields).status_code == 404
    assert "above@example.com" not in alice.get("/settings/people").text


def test_a_manager_makes_no_operator_of_anybody(alice: FlaskClient, people: People, database: Database) -> None:
    dana = add(database, "dana@example.com", Role.AGENT, people.alice.business_id)

    assert change(alice, dana, "role", role="operator").status_code == 400
    assert users.role_of(user(database, dana)) is Role.AGENT


@pytest.mark.parametrize(("what", "fields"), [CHANGES[0], CHANGES[2]])
def test_nobody_locks_themselves_out(
    what: str, fields: dict[str, str], alice: FlaskClient, people: People, database: Database
) -> None:
    add(database, "other@example.com", Role.MANAGER, people.alice.business_id)

    answer = change(alice, rows.user_id(database, people.alice.email), what, **fields)

    assert (answer.status_code, "You would lock yourself out" in answer.text) == (409, True)
    assert alice.get("/settings/people").status_code == 200


@pytest.mark.parametrize(("what", "fields"), [CHANGES[0], CHANGES[2]])
def test_the_last_manager_of_a_business_stays_one(
    what: str, fields: dict[str, str], operator: FlaskClient, people: People, database: Database
) -> None:
    alice = rows.user_id(database, people.alice.email)
    gone = add(database, "gone@example.com", Role.MANAGER, people.alice.business_id)
    assert change(operator, gone, "active", active="no").status_code == 303

    answer = change(operator, alice, what, **fields)
    assert (answer.status_code, "Nobody else manages this business" in answer.text) == (409, True)

    change(operator, gone, "active", active="yes")
    assert change(operator, alice, what, **fields).status_code == 303


def test_an_operator_makes_and_unmakes_operators(operator: FlaskClient, people: People, database: Database) -> None:
    form = {"email": "second@example.com", "role": "operator", "password": NEW}
    assert send(operator, "/settings/people", form).status_code == 200
    second = rows.user_id(database, "second@example.com")
    assert user(database, second).business_id is None

    refused = change(operator, second, "role", role="agent")
    assert (refused.status_code, "Only operators can do without a business" in refused.text) == (409, True)
    assert change(operator, second, "active", active="no").status_code == 303


def test_only_operators_are_added_to_no_business(operator: FlaskClient) -> None:
    form = {"email": "dana@example.com", "role": "manager", "password": NEW}

    assert send(operator, "/settings/people", form).status_code == 400


def test_the_words_of_old_installations_are_roles_here_too(
    alice: FlaskClient, people: People, database: Database
) -> None:
    owner = add(database, "owner@example.com", Role.MANAGER, people.alice.business_id)
    with database.transaction() as session:
        session.execute(update(User).where(User.id == owner).values(role=" Owner ", is_active=None))

    assert change(alice, owner, "role", role="manager").status_code == 303
    assert user(database, owner).role == " Owner "
    assert change(alice, owner, "role", role="agent").status_code == 303
    assert user(database, owner).role == "agent"


def test_a_manager_of_no_business_has_no_people(app: Flask, people: People, database: Database) -> None:
    add(database, "lost@example.com", Role.MANAGER, None)
    lost = Person("lost@example.com", 0, "", "")
    browser = app.test_client()
    sign_in(browser, lost)

    assert browser.get("/settings/people").status_code == 404
    assert browser.get("/settings/business").status_code == 404
