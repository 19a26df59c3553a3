"""A field that is not what it must be, from its first character to its last, is refused; nothing is stored."""

from redis import Redis

from db.engine import Database
from tests.support.calls import sid
from tests.support.people import People
from tests.support.twilio import CALL_SID, RECORDING_SID, Twilio
from tests.web import rows
from tests.web.payloads import NOTICE

ARABIC_DIGITS = "٠١٢٣٤٥٦٧٨٩" * 3 + "٠١"
BAD_SIDS = {
    "another folder": "../../etc/passwd",
    "33 digits": "{0}" + "1" * 33,
    "31 digits": "{0}" + "1" * 31,
    "a NUL in words": "{0}" + "1" * 29 + "%00",
    "a NUL": "{0}" + "1" * 31 + "\0",
    "a newline": "{0}" + "1" * 32 + "\n",
    "a line before it": "x\n{0}" + "1" * 32,
    "Arabic digits": "{0}" + ARABIC_DIGITS,
    "capitals": "{0}" + "A" * 32,
    "no digits": "{0}" + "g" * 32,
    "another kind": "XX" + "1" * 32,
    "nothing": "",
}
OF_A_CALL = ("incoming_call", "outbound_call", "call_status", "stream_ended", "fallback")
TOO_MUCH = (
    ("From", "+1415555\n0111"),
    ("From", "9" * 65),
    ("To", "\x1b[31m+14155550101"),
    ("Direction", "in bound"),
    ("CallStatus", "ringing; DROP TABLE call_log"),
    ("ParentCallSid", "CA1"),
)
STREAM = {"StreamSid": "MZ" + "3" * 32, "StreamEvent": "stream-started"}


def test_an_identifier_that_is_none_is_refused(twilio: Twilio, database: Database, redis: Redis) -> None:
    for name, bad in BAD_SIDS.items():
        call_sid, recording_sid, stream_sid = (bad.format(kind) for kind in ("CA", "RE", "MZ"))

        answers = [
            *(twilio.tells(path, CallSid=call_sid, CallStatus="ringing") for path in OF_A_CALL),
            twilio.says_of_recording("completed", CallSid=call_sid),
            twilio.says_of_recording("completed", RecordingSid=recording_sid),
            twilio.tells("stream_status", **STREAM | {"CallSid": call_sid}),
            twilio.tells("stream_status", **STREAM | {"StreamSid": stream_sid}),
        ]

        assert {answer.status_code for answer in answers} == {400}, name
        assert twilio.tells("debugger", Payload="{}", Sid=NOTICE, CallSid=call_sid).status_code == 204
    assert rows.is_untouched(database, redis)


def test_a_field_with_more_in_it_than_it_may_hold_is_refused(twilio: Twilio, database: Database, redis: Redis) -> None:
    for name, value in TOO_MUCH:
        answer = twilio.tells("call_status", **{"CallStatus": "ringing"} | {name: value})

        assert answer.status_code == 400, name
        assert answer.get_json()["error"]["message"].startswith(f"{name}: ")
    assert rows.is_untouched(database, redis)


def test_a_recording_s_status_that_nobody_knows_is_refused(twilio: Twilio, database: Database, redis: Redis) -> None:
    for status in ("", "done", "completed\n", "COMPLETED"):
        assert twilio.says_of_recording(status).status_code == 400

    assert rows.is_untouched(database, redis)


def test_a_stream_s_event_that_nobody_knows_is_refused(twilio: Twilio, database: Database, redis: Redis) -> None:
    for event in ("", "stream-paused", "stream-started "):
        assert twilio.tells("stream_status", **STREAM | {"StreamEvent": event}).status_code == 400

    assert rows.is_untouched(database, redis)


def test_a_call_status_that_nobody_knows_says_nothing_but_that_there_is_a_call(
    twilio: Twilio, database: Database
) -> None:
    assert twilio.tells("call_status", CallStatus="teleported", From="+14155550111").status_code == 204

    call = rows.call_of(database)
    assert (call.call_status, call.from_number) == (None, "+14155550111")


def test_a_caller_need_not_be_a_number(twilio: Twilio, people: People, database: Database) -> None:
    callers = ("anonymous", "sip:alice@example.com;transport=tls", "client:أليس", "266696687", "")
    for number, caller in enumerate(callers):
        told = {"From": caller, "To": people.alice.number, "Direction": "inbound"}
        assert twilio.tells("incoming_call", CallSid=sid(number), **told).status_code == 200
        assert rows.call_of(database, sid(number)).from_number == (caller or None)


def test_a_time_that_is_none_says_nothing(twilio: Twilio, database: Database) -> None:
    times = ("", "soon", "Wed, 99 Foo 2024", "2024-13-45T00:00:00Z", "0001-01-01T00:00:00+23:59", "1709647426")
    for time in times:
        assert twilio.says_of_recording("in-progress", RecordingStartTime=time).status_code == 204, time
        assert twilio.tells("call_status", CallStatus="in-progress", Timestamp=time).status_code == 204, time
        assert twilio.tells("stream_status", Timestamp=time, **STREAM).status_code == 204, time

    assert rows.recordings_of(database)[0].started_at is None


def test_an_idempotency_token_is_not_signed_and_whatever_stands_there_costs_no_event(
    twilio: Twilio, database: Database
) -> None:
    for token in ("x" * 5000, "two words", "é", "ok\x7f", "x" * 5000):
        assert twilio.says_of_recording("completed", token=token).status_code == 204, token

    assert rows.recordings_of(database)[0].recording_sid == RECORDING_SID
    assert rows.call_of(database, CALL_SID).webhook_retry_count == 0
