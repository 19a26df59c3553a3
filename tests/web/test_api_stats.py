"""The dashboard's numbers: whose they are, which day they belong to, and that they are right."""

from typing import Any

from flask.testing import FlaskClient

from db.engine import Database
from tests.support.people import People, Person
from tests.web import sample_calls as sample


def stats(client: FlaskClient, person: Person, **query: str | int) -> Any:
    answer = client.get("/api/stats", query_string=query, headers=person.headers)
    assert answer.status_code == 200, answer.data
    return answer.get_json()


def test_smoke(client: FlaskClient, people: People, database: Database) -> None:
    sid = sample.add_call(database, people.alice.business_id, 2, **sample.DONE)
    sample.add_story(database, sid)
    print(stats(client, people.alice))
    assert 0
