"""How a call ends that has no recording, and how a recording that comes after all mends it."""

import pytest
from redis import Redis
from sqlalchemy import update

from db import calls, stages
from db.engine import Database
from db.models import CallLog
from tests.support.people import People
from tests.support.twilio import CALL_SID, Twilio
from tests.web import rows

UNRECORDED = ("failed", "missing", "failed", "failed", "no_recording")
FETCHING = ("completed", "queued", "pending", "pending", None)
OTHER = "RE" + "5" * 32


@pytest.mark.parametrize("status", ["busy", "no-answer", "canceled", "failed"])
def test_a_call_that_nobody_answered_is_settled_at_once_and_without_an_error(
    status: str, twilio: Twilio, people: People, database: Database, redis: Redis
) -> None:
    twilio.calls_in(people.alice.number)
    twilio.tells("call_status", CallStatus=status, CallDuration="0")

    assert rows.statuses_of(database) == UNRECORDED
    call = rows.call_of(database)
    assert (call.last_error, call.call_status, call.estimated_cost_bucket) == (None, status, "LOW")
    assert rows.open_stages(database) == []
    assert rows.jobs_in(redis, "recordings") == 0


def test_a_call_that_was_answered_is_given_time_for_its_recording(twilio: Twilio, database: Database) -> None:
    twilio.tells("call_status", CallStatus="completed", CallDuration="9")

    assert rows.statuses_of(database) == ("pending", "missing", "pending", "pending", None)
    assert rows.open_stages(database) == ["recording"]


@pytest.mark.parametrize(
    ("code", "outcome"), [("16101", "too_short"), ("16102", "silent"), ("0", "no_recording"), ("", "no_recording")]
)
def test_an_absent_recording_settles_its_call_with_a_reason_and_no_error(
    code: str, outcome: str, twilio: Twilio, database: Database
) -> None:
    twilio.tells("call_status", CallStatus="completed", CallDuration="1")
    twilio.says_of_recording("absent", ErrorCode=code, RecordingDuration="0")

    assert rows.statuses_of(database) == ("failed", "missing", "failed", "failed", outcome)
    assert rows.call_of(database).last_error is None
    assert rows.open_stages(database) == []


def test_a_recording_that_failed_settles_its_call_with_an_error(twilio: Twilio, database: Database) -> None:
    twilio.says_of_recording("failed")

    assert rows.statuses_of(database) == UNRECORDED
    assert str(rows.call_of(database).last_error).startswith("Recording failed: ")


@pytest.mark.parametrize("ended", ["busy", "absent", "failed"])
def test_a_recording_that_completes_after_all_mends_the_call(
    ended: str, twilio: Twilio, database: Database, redis: Redis
) -> None:
    if ended == "busy":
        twilio.tells("call_status", CallStatus="busy")
    else:
        twilio.says_of_recording(ended, RecordingSid=OTHER)
    assert rows.statuses_of(database)[0] == "failed"

    twilio.says_of_recording("completed")

    assert rows.statuses_of(database) == FETCHING
    assert rows.call_of(database).last_error is None
    end_is_known = ended == "busy"
    assert rows.open_stages(database) == (["download"] if end_is_known else ["download", "recording"])
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_recording_that_completed_before_its_call_has_the_phone_company_asked_for_the_end(
    twilio: Twilio, database: Database
) -> None:
    twilio.tells("call_status", CallStatus="in-progress", Direction="inbound")
    twilio.says_of_recording("completed")
    assert rows.open_stages(database) == ["download", "recording"]

    twilio.tells("call_status", CallStatus="completed", Direction="inbound")
    assert rows.open_stages(database) == ["download"]


def test_an_absent_recording_settles_nothing_while_another_one_is_running(twilio: Twilio, database: Database) -> None:
    twilio.says_of_recording("in-progress", RecordingSid=OTHER)
    twilio.says_of_recording("absent", ErrorCode="16101")
    assert rows.statuses_of(database)[0] == "recording"

    twilio.says_of_recording("absent", RecordingSid=OTHER, ErrorCode="16102")
    assert rows.statuses_of(database)[0] == "failed"


@pytest.mark.parametrize("event", ["busy", "absent"])
def test_texts_that_exist_stay_completed_whatever_becomes_of_the_recording(
    event: str, twilio: Twilio, database: Database
) -> None:
    twilio.tells("call_status", CallStatus="in-progress")
    with database.transaction() as session:
        session.execute(
            update(CallLog)
            .where(CallLog.call_sid == CALL_SID)
            .values(transcript_status="completed", summary_status="completed", final_transcript="x", summary="y")
        )

    if event == "busy":
        twilio.tells("call_status", CallStatus="busy")
    else:
        twilio.says_of_recording("absent", ErrorCode="16102")

    assert rows.statuses_of(database)[:4] == ("failed", "missing", "completed", "completed")
    assert rows.call_of(database).summary == "y"


def test_a_call_s_own_recording_is_the_first_that_completed(twilio: Twilio, database: Database, redis: Redis) -> None:
    twilio.says_of_recording("in-progress", RecordingSid=OTHER)
    twilio.says_of_recording("completed")
    twilio.says_of_recording("completed", RecordingSid=OTHER)

    call = rows.call_of(database)
    assert (call.recording_sid, call.recording_count) == ("RE" + "2" * 32, 2)
    assert [row.status for row in rows.recordings_of(database)] == ["completed", "completed"]
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_recording_of_one_call_is_never_taken_for_another_s(twilio: Twilio, database: Database) -> None:
    other_call = "CA" + "9" * 32
    twilio.says_of_recording("in-progress")

    assert twilio.says_of_recording("completed", CallSid=other_call).status_code == 204

    assert rows.statuses_of(database, other_call)[0] == "pending"
    assert rows.statuses_of(database)[0] == "recording"


@pytest.mark.parametrize(
    ("summary_status", "outcome", "kept"),
    [("completed", "no_speech", "no_speech"), ("failed", "gave_up", "gave_up"), ("completed", "gone", None)],
)
def test_a_recording_fetched_again_changes_nothing_about_texts_that_are_there(
    summary_status: str, outcome: str, kept: str | None, people: People, database: Database
) -> None:
    texts = {"transcript_status": "completed", "summary_status": summary_status, "outcome": outcome}
    call_sid = rows.add_recorded_call(database, people.alice.business_id, **texts)

    with database.transaction() as session:
        call = calls.lock(session, call_sid)
        assert call is not None
        stages.settle_download(session, call, bytes_len=1, seconds=1.0, said_by="tests")

    assert rows.statuses_of(database, call_sid) == ("completed", "ready", "completed", summary_status, kept)
    assert rows.open_stages(database) == []
