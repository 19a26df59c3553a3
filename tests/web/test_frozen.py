"""PostgreSQL or Redis is frozen: it takes connections and questions, and answers none of them."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from conf.settings import with_driver
from db import migrate
from db.engine import Database, connect
from jobs import redis as redis_connections
from jobs.queues import Queues
from launch import embedded
from tests.support.people import People, make_people
from tests.support.system import eventually
from tests.support.twilio import Twilio
from tests.web import rows, variants
from web.house import House

WITHOUT_POSTGRES_SECONDS = 3
WITHOUT_REDIS_SECONDS = 1
STATEMENT_SECONDS = 2
AT_ONCE = 40
"""More than a web process has threads."""


@dataclass(frozen=True)
class Server:
    """A server of our own, to be frozen."""

    url: str
    process: psutil.Process

    @contextmanager
    def frozen(self) -> Iterator[None]:
        processes = [self.process, *self.process.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGCONT)


def child_named(name: str, before: set[int]) -> psutil.Process:
    return next(one for one in psutil.Process().children() if one.pid not in before and name in one.name())


@pytest.fixture
def postgres(tmp_path: Path, servers_folder: Path) -> Iterator[Server]:
    before = {child.pid for child in psutil.Process().children()}
    with embedded.postgres(servers_folder / f"frozen-{tmp_path.name}") as url:
        migrate.migrate(url)
        yield Server(url, child_named("postgres", before))


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Server]:
    before = {child.pid for child in psutil.Process().children()}
    with embedded.valkey(tmp_path / "valkey", durable=False) as url:
        yield Server(url, child_named("valkey", before))


@pytest.fixture
def cold_house(house: House, postgres: Server) -> House:
    """A house on a PostgreSQL of its own, with connections in its pool."""
    database = Database(connect(with_driver(postgres.url), statement_seconds=STATEMENT_SECONDS, application="tests"))
    make_people(database)
    return replace(house, database=database, queues=Queues(house.queues.redis, database, slots=3))


def test_with_a_frozen_postgres_events_are_asked_for_again_and_callers_put_through(
    cold_house: House, postgres: Server
) -> None:
    twilio = Twilio(variants.client_of(cold_house))
    assert twilio.tells("call_status", CallStatus="ringing").status_code == 204

    with postgres.frozen():
        for answer, expected in (
            (lambda: twilio.says_of_recording("completed"), 503),
            (lambda: twilio.calls_in("+14155550101"), 200),
        ):
            began = time.monotonic()
            assert answer().status_code == expected
            assert time.monotonic() - began < WITHOUT_POSTGRES_SECONDS

    eventually(lambda: twilio.says_of_recording("completed").status_code == 204)
    assert rows.call_of(cold_house.database).recording_status == "completed"


def test_a_crowd_in_front_of_a_frozen_postgres_is_answered_as_fast_as_one(cold_house: House, postgres: Server) -> None:
    app = variants.client_of(cold_house).application

    def tell(_: int) -> float:
        began = time.monotonic()
        assert Twilio(app.test_client()).tells("call_status", CallStatus="ringing").status_code == 503
        return time.monotonic() - began

    with postgres.frozen(), ThreadPoolExecutor(AT_ONCE) as pool:
        first = list(pool.map(tell, range(AT_ONCE)))
        second = list(pool.map(tell, range(AT_ONCE)))

    assert max(first) < WITHOUT_POSTGRES_SECONDS
    assert sorted(second)[AT_ONCE // 2] < 0.5, "after one wait in vain the others are told at once"


def test_a_thawed_postgres_is_used_again(cold_house: House, postgres: Server) -> None:
    twilio = Twilio(variants.client_of(cold_house))
    with postgres.frozen():
        assert twilio.tells("call_status", CallStatus="ringing").status_code == 503

    eventually(lambda: twilio.tells("call_status", CallStatus="ringing").status_code == 204, seconds=3)


def test_with_a_frozen_redis_every_event_is_kept_and_answered_within_a_second(
    house: House, people: People, valkey: Server, database: Database
) -> None:
    client = redis_connections.connect(valkey.url)
    twilio = Twilio(variants.client_of(replace(house, queues=Queues(client, database, slots=3))))
    assert twilio.calls_in(people.alice.number).status_code == 200

    with valkey.frozen():
        for _ in range(3):
            began = time.monotonic()
            assert twilio.says_of_recording("completed").status_code == 204
            assert time.monotonic() - began < WITHOUT_REDIS_SECONDS

    assert rows.call_of(database).recording_status == "completed"
    assert "download" in rows.open_stages(database)
