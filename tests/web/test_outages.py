"""PostgreSQL or Redis is down: callers are put through, events are asked for again, and nothing waits."""

import time
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from redis import Redis

from db.engine import Database
from tests.support.people import People
from tests.support.twilio import Twilio
from tests.web import rows, variants
from tests.web.payloads import DEBUGGER, OURS, THEIRS
from web.house import House

FALLBACK = "+14155550177"
WITHOUT_POSTGRES_SECONDS = 3
WITHOUT_REDIS_SECONDS = 1

EVENTS: dict[str, Callable[[Twilio], int]] = {
    "call_status": lambda twilio: twilio.tells("call_status", CallStatus="in-progress").status_code,
    "handle_recording": lambda twilio: twilio.says_of_recording("completed").status_code,
    "stream_status": lambda twilio: (
        twilio.tells("stream_status", StreamSid="MZ" + "3" * 32, StreamEvent="stream-started").status_code
    ),
    "debugger": lambda twilio: twilio.tells("debugger", **DEBUGGER).status_code,
}


@pytest.fixture
def dark(house: House) -> Twilio:
    """The phone company, while PostgreSQL is down."""
    fallback = variants.under(house, fallback_forward_number=FALLBACK)
    return Twilio(variants.client_of(variants.without_postgres(fallback)))


def verbs(twilio: Twilio, path: str, direction: str) -> list[ElementTree.Element]:
    told = twilio.tells(path, From=THEIRS, To=OURS, Direction=direction, CallStatus="ringing")
    assert (told.status_code, told.mimetype) == (200, "text/xml")
    return list(ElementTree.fromstring(told.text))


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_without_postgres_an_event_is_asked_for_again(event: Callable[[Twilio], int], dark: Twilio) -> None:
    began = time.monotonic()

    assert event(dark) == 503
    assert time.monotonic() - began < WITHOUT_POSTGRES_SECONDS


@pytest.mark.parametrize("path", ["incoming_call", "fallback"])
def test_without_postgres_a_caller_is_put_through_and_recorded(path: str, dark: Twilio) -> None:
    began = time.monotonic()

    start, dial = verbs(dark, path, "inbound")

    assert time.monotonic() - began < WITHOUT_POSTGRES_SECONDS
    assert (start.tag, start[0].tag, start[0].attrib["channels"]) == ("Start", "Recording", "dual")
    assert (dial.tag, dial[0].text) == ("Dial", FALLBACK)


@pytest.mark.parametrize("path", ["outbound_call", "fallback"])
def test_without_postgres_a_call_we_placed_is_put_through_and_gets_no_second_recording(path: str, dark: Twilio) -> None:
    assert [verb.tag for verb in verbs(dark, path, "outbound-api")] == ["Dial"]


def test_without_postgres_the_end_of_a_stream_still_ends_its_call(dark: Twilio) -> None:
    assert [verb.tag for verb in verbs(dark, "stream_ended", "inbound")] == ["Hangup"]


def test_without_postgres_and_a_fallback_number_a_caller_is_greeted(house: House) -> None:
    twilio = Twilio(variants.client_of(variants.without_postgres(house)))

    assert [verb.tag for verb in verbs(twilio, "incoming_call", "inbound")] == ["Start", "Say", "Pause"]


def test_without_postgres_nothing_unsigned_or_malformed_is_answered_with_more_than_a_refusal(
    dark: Twilio, house: House
) -> None:
    client = variants.client_of(variants.without_postgres(house))

    assert client.post("/webhook/incoming_call", data={"CallSid": "CA1"}).status_code == 403
    assert dark.tells("incoming_call", CallSid="../../etc/passwd").status_code == 400


def test_without_postgres_the_api_says_so_and_when_to_ask_again(house: House) -> None:
    client = variants.client_of(variants.without_postgres(house))

    answer = client.get("/api/calls", headers={"Authorization": "Bearer x"})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.get_json()["error"]["code"] == "service_unavailable"
    assert "psycopg2" not in answer.text


def test_without_redis_every_event_is_kept_and_answered_within_a_second(
    house: House, people: People, database: Database
) -> None:
    twilio = Twilio(variants.client_of(variants.without_redis(house)))

    for event in EVENTS.values():
        began = time.monotonic()
        assert event(twilio) == 204
        assert time.monotonic() - began < WITHOUT_REDIS_SECONDS
    began = time.monotonic()
    assert twilio.calls_in(people.alice.number).status_code == 200
    assert time.monotonic() - began < WITHOUT_REDIS_SECONDS

    call = rows.call_of(database)
    assert (call.recording_status, call.stream_connect_count) == ("completed", 1)
    assert call.business_id == people.alice.business_id
    assert "download" in rows.open_stages(database)


def test_without_redis_a_recording_that_somebody_wants_to_hear_is_remembered(
    house: House, people: People, database: Database, redis: Redis
) -> None:
    call_sid = rows.add_recorded_call(database, people.alice.business_id)
    client = variants.client_of(variants.without_redis(house))

    assert client.get(f"/api/recordings/{call_sid}/stream", headers=people.alice.headers).status_code == 202
    assert rows.open_stages(database) == ["download"]
