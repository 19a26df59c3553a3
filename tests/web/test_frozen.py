"""PostgreSQL or Redis is frozen: it takes connections and questions, and answers none of them."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from conf.settings import with_driver
from db.engine import Database, connect
from jobs import redis as redis_connections
from jobs.queues import Queues
from tests.support.people import People, make_people
from tests.support.servers import Server
from tests.support.system import eventually
from tests.support.twilio import Twilio
from tests.web import rows, variants
from web.house import House

WITHOUT_POSTGRES_SECONDS = 3
WITHOUT_REDIS_SECONDS = 1
STATEMENT_SECONDS = 2
AT_ONCE = 40
"""More than a web process has threads."""


@pytest.fixture
def cold_house(house: House, own_postgres: Server) -> House:
    """A house on a PostgreSQL of its own, with connections in its pool."""
    database = Database(
        connect(with_driver(own_postgres.url), statement_seconds=STATEMENT_SECONDS, application="tests")
    )
    make_people(database)
    return replace(house, database=database, queues=Queues(house.queues.redis, database, slots=3))


def test_with_a_frozen_postgres_events_are_asked_for_again_and_callers_put_through(
    cold_house: House, own_postgres: Server
) -> None:
    twilio = Twilio(variants.client_of(cold_house))
    assert twilio.tells("call_status", CallStatus="ringing").status_code == 204

    with own_postgres.frozen():
        for answer, expected in (
            (lambda: twilio.says_of_recording("completed"), 503),
            (lambda: twilio.calls_in("+14155550101"), 200),
        ):
            began = time.monotonic()
            assert answer().status_code == expected
            assert time.monotonic() - began < WITHOUT_POSTGRES_SECONDS

    eventually(lambda: twilio.says_of_recording("completed").status_code == 204)
    assert rows.call_of(cold_house.database).recording_status == "completed"


def test_a_crowd_in_front_of_a_frozen_postgres_is_answered_as_fast_as_one(
    cold_house: House, own_postgres: Server
) -> None:
    app = variants.client_of(cold_house).application

    def tell(_: int) -> float:
        began = time.monotonic()
        assert Twilio(app.test_client()).tells("call_status", CallStatus="ringing").status_code == 503
        return time.monotonic() - began

    with own_postgres.frozen(), ThreadPoolExecutor(AT_ONCE) as pool:
        first = list(pool.map(tell, range(AT_ONCE)))
        second = list(pool.map(tell, range(AT_ONCE)))

    assert max(first) < WITHOUT_POSTGRES_SECONDS
    assert sorted(second)[AT_ONCE // 2] < 0.5, "after one wait in vain the others are told at once"


def test_a_thawed_postgres_is_used_again(cold_house: House, own_postgres: Server) -> None:
    twilio = Twilio(variants.client_of(cold_house))
    with own_postgres.frozen():
        assert twilio.tells("call_status", CallStatus="ringing").status_code == 503

    eventually(lambda: twilio.tells("call_status", CallStatus="ringing").status_code == 204, seconds=3)


def test_with_a_frozen_redis_every_event_is_kept_and_answered_within_a_second(
    house: House, people: People, own_valkey: Server, database: Database
) -> None:
    client = redis_connections.connect(own_valkey.url)
    twilio = Twilio(variants.client_of(replace(house, queues=Queues(client, database, slots=3))))
    assert twilio.calls_in(people.alice.number).status_code == 200

    with own_valkey.frozen():
        for _ in range(3):
            began = time.monotonic()
            assert twilio.says_of_recording("completed").status_code == 204
            assert time.monotonic() - began < WITHOUT_REDIS_SECONDS

    assert rows.call_of(database).recording_status == "completed"
    assert "download" in rows.open_stages(database)
