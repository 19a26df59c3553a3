"""Nobody learns of another business's calls: the answer is that for a call that does not exist."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import update
from werkzeug.test import TestResponse

from db import users
from db.engine import Database
from db.models import ApiToken, User
from db.words import Role
from tests.support.people import PASSWORD_HASH, People, Person, make_person
from tests.web import rows
from tests.web import sample_calls as sample
from web.house import House

NO_SUCH_CALL = "CA" + "e" * 32
WISH = {"stage": "recording", "force": True, "to": "+14155550188"}
OF_A_CALL = [
    ("GET", "/api/calls/{call_sid}"),
    ("GET", "/api/calls/{call_sid}/transcript.txt"),
    ("GET", "/api/calls/{call_sid}/transcript.srt"),
    ("GET", "/api/calls/{call_sid}/transcript.vtt"),
    ("GET", "/api/calls/{call_sid}/transcript.json"),
    ("GET", "/api/recordings/{call_sid}/status"),
    ("GET", "/api/recordings/{call_sid}/stream"),
    ("HEAD", "/api/recordings/{call_sid}/stream"),
]
CHANGES = [("POST", "/api/calls/{call_sid}/retry"), ("DELETE", "/api/calls/{call_sid}")]
OF_NO_CALL = [
    ("GET", "/api/calls"),
    ("POST", "/api/calls"),
    ("GET", "/api/calls/last7d"),
    ("GET", "/api/calls/range"),
    ("GET", "/api/stats"),
    ("GET", "/api/leads/<phone>"),
]
OF_NOBODY = [("GET", "/api/openapi.json"), ("GET", "/api/docs")]


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every way into the API."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            for method in (rule.methods or set()) - {"OPTIONS"}:
                yield method, rule.rule.replace("<call_sid>", "{call_sid}")


def bytes_of(answer: TestResponse, call_sid: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Everything that leaves."""
    assert call_sid.encode() not in answer.data
    return answer.status_code, sorted(answer.headers.items()), answer.data


def test_every_route_of_the_api_is_tried_here(app: Flask) -> None:
    tried = {*OF_A_CALL, *CHANGES, *OF_NO_CALL, *OF_NOBODY}

    assert {(method, rule) for method, rule in routes(app) if method != "HEAD"} == {
        (method, rule) for method, rule in tried if method != "HEAD"
    }


@pytest.mark.parametrize(("method", "path"), OF_A_CALL + CHANGES)
def test_bob_asking_for_alice_s_call_hears_what_he_would_of_one_that_does_not_exist(
    method: str, path: str, client: FlaskClient, house: House, people: People, redis: Redis
) -> None:
    alices = rows.add_fetched_call(house, people.alice.business_id)
    sample.add_transcript(house.database, alices)

    def ask(person: Person, call_sid: str) -> TestResponse:
        return client.open(path.format(call_sid=call_sid), method=method, json=WISH, headers=person.headers)

    of_alices = bytes_of(ask(people.bob, alices), alices)
    of_none = bytes_of(ask(people.bob, NO_SUCH_CALL), NO_SUCH_CALL)

    assert of_alices == of_none
    assert of_alices[0] == 404
    assert (redis.dbsize(), rows.open_stages(house.database)) == (0, [])
    assert ask(people.alice, alices).status_code == (202 if (method, path) in CHANGES else 200)


def test_what_is_no_call_sid_is_no_call(client: FlaskClient, people: People) -> None:
    for call_sid in ("1", "CA1", "%00", f"{NO_SUCH_CALL}%00", "..%2f..%2fetc%2fpasswd", "%C3%28"):
        for method, path in OF_A_CALL + CHANGES:
            address = path.format(call_sid=call_sid)
            answer = client.open(address, method=method, json=WISH, headers=people.alice.headers)
            assert answer.status_code == 404, call_sid


def test_without_a_token_or_a_session_nothing_is_told(client: FlaskClient, house: House, people: People) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id)
    tokens = (None, "Bearer", "Bearer ", "Bearer wrong", f"Basic {people.alice.token}", "Bearer \xe9\xff")

    for method, path in OF_A_CALL + CHANGES + OF_NO_CALL:
        for token in tokens:
            headers = {"Authorization": token} if token else {}
            answer = client.open(path.format(call_sid=call_sid), method=method, headers=headers)
            assert answer.status_code == 401
            assert method == "HEAD" or answer.get_json()["error"]["code"] == "unauthorized"


def test_a_revoked_token_opens_nothing(client: FlaskClient, people: People, database: Database) -> None:
    assert client.get("/api/calls", headers=people.alice.headers).status_code == 200

    with database.transaction() as session:
        users.revoke_token(session, people.alice.token)

    assert client.get("/api/calls", headers=people.alice.headers).status_code == 401
    assert client.get("/api/calls", headers=people.bob.headers).status_code == 200


def test_a_token_is_stored_only_as_its_fingerprint(people: People, database: Database) -> None:
    with database.transaction() as session:
        stored = session.query(ApiToken.token_sha256).all()

    assert all(len(fingerprint) == 64 and fingerprint != people.alice.token for (fingerprint,) in stored)


def test_somebody_who_was_made_inactive_is_nobody(client: FlaskClient, people: People, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(User).where(User.email == people.alice.email).values(is_active=False))

    assert client.get("/api/calls", headers=people.alice.headers).status_code == 401


@pytest.mark.parametrize("role", [Role.AGENT, Role.MANAGER])
def test_somebody_of_no_business_does_not_see_the_calls_of_no_business(
    role: Role, client: FlaskClient, database: Database
) -> None:
    unassigned = rows.add_call(database, None)
    with database.transaction() as session:
        user = users.add(session, email="a@example.com", password_hash=PASSWORD_HASH, role=role, business_id=None)
        headers = {"Authorization": f"Bearer {users.add_token(session, user, 'tests')}"}

    assert client.get("/api/calls", headers=headers).get_json()["calls"] == []
    assert client.get(f"/api/calls/{unassigned}", headers=headers).status_code == 404


def test_an_operator_reads_every_business_s_calls(client: FlaskClient, house: House, people: People) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id)
    sample.add_transcript(house.database, call_sid)

    for method, path in OF_A_CALL:
        answer = client.open(path.format(call_sid=call_sid), method=method, headers=people.operator.headers)
        assert answer.status_code == 200


def test_an_agent_reads_the_calls_of_the_own_business(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    call_sid = rows.add_call(database, agent.business_id)

    assert client.get(f"/api/calls/{call_sid}", headers=agent.headers).status_code == 200


def test_the_api_changes_nothing_by_a_method_it_does_not_have(client: FlaskClient, people: People) -> None:
    for method in ("PUT", "PATCH"):
        answer = client.open(f"/api/calls/{NO_SUCH_CALL}", method=method, headers=people.alice.headers)
        assert answer.status_code == 405
