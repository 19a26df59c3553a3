"""Listeners keep threads for as long as they take: only so many may, and webhooks never wait for them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import socketpair
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from providers.errors import OurOutage
from providers.storage import LocalStorage
from tests.support.people import People
from tests.web import rows, variants
from web.house import House
from web.seats import SILENT_SECONDS


@pytest.fixture
def call_sid(house: House, people: People) -> str:
    """A call of Alice's whose recording is here."""
    return rows.add_fetched_call(house, people.alice.business_id)


@pytest.fixture
def client(house: House) -> FlaskClient:
    """Of a process in which two may listen at once."""
    return variants.client_of(variants.under(house, max_listeners=2))


def listen(client: FlaskClient, people: People, call_sid: str, method: str = "GET", wanted: str = "") -> TestResponse:
    """An answer of which nothing has been taken yet."""
    headers = people.alice.headers | ({"Range": wanted} if wanted else {})
    return client.open(f"/api/recordings/{call_sid}/stream", method=method, headers=headers)


def test_one_more_than_may_listen_is_told_to_come_again(client: FlaskClient, people: People, call_sid: str) -> None:
    listeners = [listen(client, people, call_sid) for _ in range(2)]

    refused = listen(client, people, call_sid)

    assert [one.status_code for one in listeners] == [200, 200]
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.get_json()["error"]["code"] == "too_many_listeners"
    assert "Try again" in refused.get_json()["error"]["message"]


def test_a_refusal_is_told_in_the_reader_s_language(client: FlaskClient, people: People, call_sid: str) -> None:
    listeners = [listen(client, people, call_sid) for _ in range(2)]

    answer = client.get(f"/api/recordings/{call_sid}/stream?lang=he", headers=people.alice.headers)

    assert len(listeners) == 2
    assert "הקלטות" in answer.get_json()["error"]["message"]


def test_who_has_heard_all_or_hangs_up_gives_the_seat_back(client: FlaskClient, people: People, call_sid: str) -> None:
    patient, impatient = listen(client, people, call_sid), listen(client, people, call_sid)
    assert listen(client, people, call_sid).status_code == 503

    assert patient.data == rows.AUDIO
    patient.close()
    impatient.close()

    again = [listen(client, people, call_sid, wanted="bytes=0-9") for _ in range(2)]
    assert [one.status_code for one in again] == [206, 206]
    assert listen(client, people, call_sid).status_code == 503


def test_what_carries_no_bytes_needs_no_seat(client: FlaskClient, people: People, call_sid: str) -> None:
    listeners = [listen(client, people, call_sid) for _ in range(2)]

    assert listen(client, people, call_sid, "HEAD").status_code == 200
    assert listen(client, people, call_sid, wanted=f"bytes={len(rows.AUDIO)}-").status_code == 416
    status = client.get(f"/api/recordings/{call_sid}/status", headers=people.alice.headers)
    assert status.get_json()["status"] == "ready"
    assert len(listeners) == 2


def test_a_listener_who_takes_nothing_is_not_waited_for_without_end(
    client: FlaskClient, people: People, call_sid: str
) -> None:
    ours, theirs = socketpair()
    with ours, theirs:
        client.get(
            f"/api/recordings/{call_sid}/stream",
            headers=people.alice.headers,
            environ_overrides={"gunicorn.socket": ours},
        )

        assert ours.gettimeout() == SILENT_SECONDS


def test_a_storage_that_fails_keeps_no_seat(house: House, people: People, call_sid: str) -> None:
    class Failing(LocalStorage):
        """Knows the file, and does not give it."""

        def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
            raise OurOutage("storage_error", "Our object store did not do what we asked.")

    failing = replace(variants.under(house, max_listeners=2), storage=Failing(recordings_of(house)))
    client = variants.client_of(failing)

    answers = [listen(client, people, call_sid) for _ in range(3)]

    assert [answer.get_json()["error"]["code"] for answer in answers] == ["storage_error"] * 3


def recordings_of(house: House) -> Path:
    return Path(urlsplit(house.settings.storage_url).path)
