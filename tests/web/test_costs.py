"""Signs of doubled work are counted on the call, and told in one word."""

from collections.abc import Callable

import pytest

from db.engine import Database
from tests.support.twilio import CALL_SID, Twilio
from tests.web import rows
from tests.web.payloads import DEBUGGER

Sign = Callable[[Twilio], None]

OTHER = "RE" + "5" * 32


def two_streams(twilio: Twilio) -> None:
    for number in (1, 2):
        stream(twilio, "stream-started", number=number)


def two_recordings(twilio: Twilio) -> None:
    twilio.says_of_recording("completed")
    twilio.says_of_recording("completed", RecordingSid=OTHER)


def a_lost_webhook(twilio: Twilio) -> None:
    notice(twilio, "11205")


def three_retries(twilio: Twilio) -> None:
    for _ in range(4):
        twilio.tells("call_status", CallStatus="in-progress", token="the-same")


def by_call_and_by_rest(twilio: Twilio) -> None:
    """The second one is absent, so that it does not count as a second recording too."""
    twilio.says_of_recording("completed", RecordingSource="OutboundAPI")
    twilio.says_of_recording("absent", RecordingSid=OTHER, RecordingSource="StartCallRecordingAPI")


def stream(twilio: Twilio, event: str, *, number: int = 1, at: str = "2024-03-05T14:00:00Z", **fields: str) -> None:
    answer = twilio.tells("stream_status", StreamSid=f"MZ{number:032x}", StreamEvent=event, Timestamp=at, **fields)
    assert answer.status_code == 204


def notice(twilio: Twilio, code: str, *, number: int = 1) -> None:
    told = {name: value.replace("11200", code).replace("CA" + "7" * 32, CALL_SID) for name, value in DEBUGGER.items()}
    assert twilio.tells("debugger", **told | {"Sid": f"NO{number:032x}"}).status_code == 204


def end(twilio: Twilio) -> None:
    twilio.tells("call_status", CallStatus="completed", CallDuration="9")


SIGNS: list[Sign] = [two_streams, two_recordings, a_lost_webhook, three_retries, by_call_and_by_rest]


def test_a_call_that_goes_well_costs_little(twilio: Twilio, database: Database) -> None:
    stream(twilio, "stream-started")
    twilio.says_of_recording("completed")
    end(twilio)

    call = rows.call_of(database)
    assert (call.estimated_cost_bucket, call.recording_count, call.stream_connect_count) == ("LOW", 1, 1)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("is_late", [False, True], ids=["before the end", "after the end"])
def test_one_sign_is_medium_before_the_call_s_end_and_after_it(
    sign: Sign, is_late: bool, twilio: Twilio, database: Database
) -> None:
    for step in (end, sign) if is_late else (sign, end):
        step(twilio)

    assert rows.call_of(database).estimated_cost_bucket == "MED"


@pytest.mark.parametrize("second", SIGNS[1:])
def test_two_signs_are_high(second: Sign, twilio: Twilio, database: Database) -> None:
    two_streams(twilio)
    second(twilio)
    end(twilio)

    assert rows.call_of(database).estimated_cost_bucket == "HIGH"


def test_two_retries_are_no_sign_yet(twilio: Twilio, database: Database) -> None:
    for _ in range(3):
        twilio.tells("call_status", CallStatus="in-progress", token="the-same")
    end(twilio)

    call = rows.call_of(database)
    assert (call.webhook_retry_count, call.estimated_cost_bucket) == (2, "LOW")


def test_the_same_stream_told_twice_is_one_stream(twilio: Twilio, database: Database) -> None:
    stream(twilio, "stream-started")
    stream(twilio, "stream-started")

    assert rows.call_of(database).stream_connect_count == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the end first"])
def test_a_stream_s_length_is_known_in_either_order(order: tuple[int, int], twilio: Twilio, database: Database) -> None:
    told = [("stream-started", "2024-03-05T14:00:00Z"), ("stream-stopped", "2024-03-05T16:00:07.5+02:00")]
    for index in order:
        stream(twilio, told[index][0], at=told[index][1])

    call = rows.call_of(database)
    assert call.stream_duration_sec == 7.5
    assert (call.stream_started_at is None, call.stream_ended_at is None) == (False, False)


def test_a_stream_that_broke_has_ended_and_says_why(twilio: Twilio, database: Database) -> None:
    stream(twilio, "stream-started")
    stream(
        twilio, "stream-error", at="2024-03-05T14:00:03Z", StreamError="Server refused\nthe handshake: 500 " + "x" * 999
    )

    event, detail = rows.events_of(database)[-1]
    assert event == "stream_error"
    assert detail["error_code"].startswith("Server refused the handshake")
    assert rows.call_of(database).stream_duration_sec == 3


def test_only_11205_counts_and_the_same_notice_counts_once(twilio: Twilio, database: Database) -> None:
    for number, code in enumerate(["11205", "11200", "12100", "11205"]):
        notice(twilio, code, number=number)
        notice(twilio, code, number=number)

    assert rows.call_of(database).webhook_11205_count == 2
