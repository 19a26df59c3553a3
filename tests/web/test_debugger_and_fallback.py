"""The phone company tells of errors: they are noted on the call, and a lost webhook has the call looked at now."""

import json
from typing import Any

import pytest
from redis import Redis

from db.engine import Database
from tests.support.people import People
from tests.support.twilio import CALL_SID, Twilio
from tests.web import rows
from tests.web.payloads import NOTICE

ABOUT_NO_CALL: list[Any] = [
    "",
    "not JSON",
    "[]",
    "null",
    "[" * 50_000,
    {},
    {"resource_sid": None, "error_code": None},
    {"resource_sid": "SM" + "1" * 32, "error_code": "11200"},
    {"resource_sid": f"{CALL_SID}\n", "error_code": "11200"},
    {"resource_sid": CALL_SID, "error_code": "many"},
    {"resource_sid": CALL_SID, "error_code": "9" * 5000},
    {"resource_sid": CALL_SID, "error_code": "١١٢٠٠"},
    {"resource_sid": [CALL_SID], "error_code": {"a": 1}},
]


def notice(twilio: Twilio, payload: Any, **fields: str) -> int:
    """The status of the answer to an error event."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    told = {"Sid": NOTICE, "Level": "ERROR", "PayloadType": "application/json", "Payload": text}
    return twilio.tells("debugger", **told | fields).status_code


@pytest.mark.parametrize("code", ["11200", "11205", "11299", 11217])
def test_a_lost_webhook_has_its_call_looked_at_now(
    code: str | int, twilio: Twilio, database: Database, redis: Redis
) -> None:
    assert notice(twilio, {"resource_sid": CALL_SID, "error_code": code}) == 204

    assert rows.open_stages(database) == ["recording"]
    assert rows.jobs_in(redis, "calls") == 1
    assert rows.events_of(database) == [("twilio_error", {"error_code": int(code)})]


@pytest.mark.parametrize("code", ["11300", "12100", "13224"])
def test_any_other_error_is_only_noted(code: str, twilio: Twilio, database: Database, redis: Redis) -> None:
    twilio.tells("call_status", CallStatus="busy", Direction="inbound")
    before = rows.events_of(database)

    assert notice(twilio, {"resource_sid": CALL_SID, "error_code": code}) == 204

    assert rows.open_stages(database) == []
    assert rows.events_of(database) == [*before, ("twilio_error", {"error_code": int(code)})]


def test_an_error_about_a_call_nobody_has_heard_of_has_the_phone_company_asked_whose_it_is(
    twilio: Twilio, database: Database
) -> None:
    notice(twilio, {"resource_sid": CALL_SID, "error_code": "13224"})

    assert rows.open_stages(database) == ["recording"]


def test_a_lost_webhook_of_a_call_that_is_over_and_recorded_starts_nothing(
    twilio: Twilio, database: Database, redis: Redis
) -> None:
    twilio.tells("call_status", CallStatus="completed", Direction="inbound")
    twilio.says_of_recording("completed")

    notice(twilio, {"resource_sid": CALL_SID, "error_code": "11200"})

    assert rows.open_stages(database) == ["download"]
    assert rows.jobs_in(redis, "calls") == 0


def test_a_lost_webhook_of_a_call_whose_end_is_unknown_has_it_looked_at(twilio: Twilio, database: Database) -> None:
    twilio.says_of_recording("completed")

    notice(twilio, {"resource_sid": CALL_SID, "error_code": "11200"})

    assert rows.open_stages(database) == ["download", "recording"]


def test_an_error_about_no_call_of_ours_leaves_nothing(twilio: Twilio, database: Database, redis: Redis) -> None:
    for payload in ABOUT_NO_CALL:
        assert notice(twilio, payload) == 204, payload

    assert rows.is_untouched(database, redis)


def test_a_fallback_notes_the_error_and_answers_like_the_first(
    twilio: Twilio, people: People, database: Database
) -> None:
    first = twilio.calls_in(people.alice.number, CallSid="CA" + "3" * 32).text

    told = twilio.tells(
        "fallback",
        From="+14155550111",
        To=people.alice.number,
        Direction="inbound",
        CallStatus="ringing",
        ErrorCode="11200",
        ErrorUrl="https://calls.example.com/webhook/incoming_call",
    )

    assert told.text == first
    assert ("fallback_used", {"error_code": 11200}) in rows.events_of(database)
    call = rows.call_of(database)
    assert (call.business_id, call.last_error) == (people.alice.business_id, None)


def test_a_fallback_without_a_code_is_noted_too(twilio: Twilio, database: Database) -> None:
    assert twilio.tells("fallback", CallStatus="ringing", Direction="inbound").status_code == 200
    assert ("fallback_used", {}) in rows.events_of(database)
