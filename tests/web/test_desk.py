"""More come at once than there are connections to PostgreSQL: they wait in line, and for nobody's storage."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from flask import Flask

from db.engine import POOL_SIZE
from providers.storage import LocalStorage
from tests.support.people import People
from tests.support.twilio import Twilio
from tests.web import rows, variants
from tests.web.test_seats import recordings_of
from web.house import House

AT_ONCE = 3 * POOL_SIZE
BUSY_SECONDS = 1.5
"""Longer than anybody waits for a connection."""


@pytest.fixture
def call_sid(house: House, people: People) -> str:
    """A call of Alice's whose recording is here."""
    return rows.add_fetched_call(house, people.alice.business_id)


def test_while_postgres_is_busy_those_who_have_no_connection_wait_in_line(
    app: Flask, database_url: str, people: People, call_sid: str
) -> None:
    def poll(_: int) -> int:
        answer = app.test_client().get(f"/api/recordings/{call_sid}/status", headers=people.alice.headers)
        return answer.status_code

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        with closing(psycopg2.connect(database_url)) as connection:
            connection.cursor().execute("LOCK TABLE api_token")
            asked = [crowd.submit(poll, number) for number in range(AT_ONCE)]
            time.sleep(BUSY_SECONDS)
        assert [one.result() for one in asked] == [200] * AT_ONCE


class Slow(LocalStorage):
    """Says nothing until it is told to."""

    speaks = threading.Event()

    def size(self, name: str) -> int | None:
        self.speaks.wait()
        return super().size(name)


def test_while_storage_says_nothing_webhooks_are_answered(house: House, people: People, call_sid: str) -> None:
    storage = Slow(recordings_of(house))
    app = variants.client_of(replace(house, storage=storage)).application

    def listen(_: int) -> int:
        return app.test_client().get(f"/api/recordings/{call_sid}/stream", headers=people.alice.headers).status_code

    with ThreadPoolExecutor(AT_ONCE) as crowd:
        listeners = [crowd.submit(listen, number) for number in range(AT_ONCE)]
        told = Twilio(app.test_client()).tells("call_status", CallStatus="ringing").status_code
        are_waiting = not any(one.done() for one in listeners)
        storage.speaks.set()

    assert (told, are_waiting) == (204, True)
    assert {one.result() for one in listeners} == {200}
