"""Every kind of event the phone company sends, signed and replayed, has its answer and its effect."""

from datetime import UTC, datetime

import pytest
from redis import Redis

from db.engine import Database
from tests.support.people import People
from tests.support.twilio import ACCOUNT_SID, Twilio
from tests.web import payloads, rows
from tests.web.payloads import CALL, PAYLOADS, RECORDING, Payload

KEPT = [payload for payload in PAYLOADS if payload.call]
REFUSED = [payload for payload in PAYLOADS if not payload.call]


def told(twilio: Twilio, payload: Payload, **changes: str) -> int:
    """The status of the answer to a payload."""
    fields = {**payload.fields, **changes}
    return twilio.tells(payload.path, method=payload.method, CallSid=CALL, **fields).status_code


def test_there_are_twenty_of_them() -> None:
    assert len(PAYLOADS) == 20


@pytest.mark.parametrize("payload", KEPT, ids=lambda payload: payload.name)
def test_an_event_has_its_answer_and_its_effect_and_has_them_once(
    payload: Payload, twilio: Twilio, people: People, database: Database, redis: Redis
) -> None:
    assert told(twilio, payload) == payload.answer
    call = rows.call_of(database, CALL)
    assert {column: getattr(call, column) for column in payload.call} == dict(payload.call)
    stored, jobs = rows.counts(database), redis.keys("rq:job:*")

    assert told(twilio, payload) == payload.answer

    again = rows.call_of(database, CALL)
    assert {column: getattr(again, column) for column in payload.call} == dict(payload.call)
    assert (rows.counts(database), redis.keys("rq:job:*")) == (stored, jobs)


@pytest.mark.parametrize("payload", REFUSED, ids=lambda payload: payload.name)
def test_an_event_we_never_asked_for_is_refused_and_leaves_nothing(
    payload: Payload, twilio: Twilio, database: Database, redis: Redis
) -> None:
    assert told(twilio, payload) == payload.answer
    assert rows.is_untouched(database, redis)


def test_a_transcription_is_not_taken_for_the_end_of_its_call(twilio: Twilio, database: Database, redis: Redis) -> None:
    transcription = next(payload for payload in REFUSED if "TranscriptionSid" in payload.fields)

    assert twilio.tells("call_status", CallSid=CALL, **transcription.fields).status_code == 400
    assert rows.is_untouched(database, redis)


def test_the_end_of_a_dialled_leg_is_not_taken_for_the_end_of_its_call(twilio: Twilio, database: Database) -> None:
    dialled = next(payload for payload in REFUSED if "DialCallStatus" in payload.fields)

    assert twilio.tells("call_status", CallSid=CALL, **dialled.fields).status_code == 204
    assert rows.call_of(database, CALL).call_status == "in-progress"


def test_a_call_whose_city_nobody_sends_is_answered(twilio: Twilio, people: People, database: Database) -> None:
    bare = payloads.voice("in-progress", "inbound", payloads.THEIRS, payloads.OURS)

    answer = twilio.tells("incoming_call", CallSid=CALL, **bare)

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert rows.call_of(database, CALL).business_id == people.alice.business_id


@pytest.mark.parametrize("path", ["incoming_call", "outbound_call"])
def test_a_call_may_be_announced_by_get(path: str, twilio: Twilio, people: People, database: Database) -> None:
    answer = twilio.tells(path, method="GET", CallSid=CALL, **payloads.rings())

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert rows.call_of(database, CALL).call_status == "ringing"


def test_the_address_of_a_recording_is_made_by_us_and_never_taken_from_the_event(
    twilio: Twilio, database: Database
) -> None:
    twilio.tells("handle_recording", CallSid=CALL, **payloads.recording(RecordingUrl="file:///etc/passwd"))

    url = str(rows.call_of(database, CALL).recording_url)
    assert url.endswith(f"/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{RECORDING}")
    assert "passwd" not in url


def test_a_start_in_another_time_zone_is_the_same_moment(twilio: Twilio, database: Database) -> None:
    twilio.tells(
        "handle_recording", CallSid=CALL, **payloads.recording(RecordingStartTime="Tue, 05 Mar 2024 08:03:09 -0600")
    )

    assert rows.recordings_of(database)[0].started_at == datetime(2024, 3, 5, 14, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("missing", [(), ("RecordingUrl", "RecordingDuration")])
def test_an_absent_recording_settles_its_call_with_or_without_an_address_and_a_length(
    missing: tuple[str, ...], twilio: Twilio, database: Database, redis: Redis
) -> None:
    event = payloads.recording(RecordingStatus="absent", ErrorCode="16101", RecordingDuration="0")
    told = {name: value for name, value in event.items() if name not in missing}

    assert twilio.tells("handle_recording", CallSid=CALL, **told).status_code == 204

    assert rows.statuses_of(database, CALL) == ("failed", "missing", "failed", "failed", "too_short")
    assert rows.jobs_in(redis, "recordings") == 0


def test_a_length_that_is_no_number_says_nothing(twilio: Twilio, database: Database) -> None:
    for length in ("-1", "", "many", "99999999999999999999", "٣"):
        event = payloads.progress("completed", 3, CallDuration=length)

        assert twilio.tells("call_status", CallSid=CALL, **event).status_code == 204
        assert rows.call_of(database, CALL).duration is None, length
