"""The pages as they leave the server, before any script runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, update

from conf.settings import with_driver
from db.engine import Database, connect
from db.models import Business, Task
from db.words import Stage
from tests.conftest import SECRET_KEY
from tests.support.people import People, Person
from tests.web import sample_calls as sample
from tests.web.rows import call_of
from web import create_app
from web.house import House


@contextmanager
def reading_as(client: FlaskClient, person: Person) -> Iterator[FlaskClient]:
    """A token does as well as a session for reading."""
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {person.token}"
    yield client
    del client.environ_base["HTTP_AUTHORIZATION"]


def test_htmx_gets_the_part_that_moves_and_browsers_never_mistake_it_for_the_page(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)

    with reading_as(client, people.alice):
        whole = client.get(f"/calls/{sid}")
        part = client.get(f"/calls/{sid}", headers={"HX-Request": "true"})

    moving, *others = part.text.replace(' hx-swap-oob="morph"', "").split('<div class="call-head"')
    assert moving.lstrip().startswith('<div id="call"')
    assert "<audio" not in part.text
    assert whole.text.startswith("<!doctype html>")
    assert moving.strip() in whole.text
    assert len(others) == 1
    assert "HX-Request" in whole.headers["Vary"]


def test_the_queues_are_shown_to_operators_only(client: FlaskClient, people: People) -> None:
    with reading_as(client, people.operator):
        assert '<a href="/admin/rq">' in client.get("/").text
    with reading_as(client, people.alice):
        assert "/admin/rq" not in client.get("/").text


def test_an_operator_sees_which_calls_belong_to_no_business(
    client: FlaskClient, database: Database, people: People
) -> None:
    sample.add_call(database, None, 1, **sample.DONE)

    with reading_as(client, people.operator):
        assert "No business" in client.get("/").text


def test_an_adopted_call_that_waits_for_play_is_not_polled(
    client: FlaskClient, database: Database, people: People
) -> None:
    sample.add_call(database, people.alice.business_id, 1, **sample.WAITING_FOR_PLAY)

    with reading_as(client, people.alice):
        text = client.get("/").text

    assert 'hx-trigger="refresh"' in text
    assert "press play to have it fetched" in text


def test_rows_of_another_business_are_not_given_out(client: FlaskClient, database: Database, people: People) -> None:
    theirs = sample.add_call(database, people.bob.business_id, 1, **sample.DONE)

    with reading_as(client, people.alice):
        assert theirs not in client.get(f"/rows?id={call_of(database, theirs).id}").text


def test_times_are_those_of_the_business(client: FlaskClient, database: Database, people: People) -> None:
    at = datetime(2025, 1, 1, 12, 2, tzinfo=UTC)
    with database.transaction() as session:
        session.get_one(Business, people.alice.business_id).time_zone = "Asia/Jerusalem"
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    sample.change(database, sid, created_at=at)

    with reading_as(client, people.alice):
        page = client.get("/?lang=he").text

    assert '<time datetime="2025-01-01T12:02:00Z"><bdi>14:02</bdi></time>' in page


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_page_says_so_when_the_database_does_not_answer(
    house: House, redis_url: str, people: People, language: str
) -> None:
    nobody = Database(connect("postgresql+psycopg2://127.0.0.1:1/none", statement_seconds=1, application="tests"))
    app = create_app(replace(house, database=nobody), secret_key=SECRET_KEY, redis_url=redis_url)

    with reading_as(app.test_client(), people.alice) as client:
        answer = client.get(f"/?lang={language}")

    assert answer.status_code == 503
    assert f'lang="{language}"' in answer.text
    assert {"en": "Nothing is lost.", "he": "שום דבר לא אבד."}[language] in answer.text


def test_no_request_waits_for_a_second_connection_while_it_holds_one(
    house: House, redis_url: str, database_url: str, people: People
) -> None:
    sid = sample.add_call(house.database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(house.database, sid, Stage.TRANSCRIPT)
    with house.database.transaction() as session:
        session.execute(update(Task).values(due_at=datetime(2099, 1, 1, tzinfo=UTC)))
    engine = create_engine(with_driver(database_url), pool_size=1, max_overflow=0, pool_timeout=1)
    app = create_app(replace(house, database=Database(engine)), secret_key=SECRET_KEY, redis_url=redis_url)
    paths = (
        "/",
        f"/calls/{sid}",
        f"/rows?id={call_of(house.database, sid).id}",
        "/api/calls",
        f"/api/calls/{sid}",
        f"/api/recordings/{sid}/status",
    )

    with reading_as(app.test_client(), people.alice) as client:
        statuses = {path: client.get(path).status_code for path in paths}
    engine.dispose()

    assert set(statuses.values()) == {200}, statuses
