"""An event that was signed once stays signed: sent again, however often and however late, it changes nothing."""

from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import text

from db import deliveries
from db.engine import Database
from tests.support.people import People
from tests.support.twilio import CALL_SID, RECORDING_SID, Twilio
from tests.web import rows
from tests.web import sample_calls as sample
from web.house import House

ROWS = "SELECT to_jsonb(row) - 'updated_at' FROM {table} row ORDER BY 1"
TABLES = ("call_log", "recording", "task", "call_event", "transcript")
STREAM = {"StreamSid": "MZ" + "3" * 32, "Timestamp": "2024-03-05T14:03:05Z"}


def tell_everything(twilio: Twilio, people: People) -> list[int]:
    """A call's whole life as the phone company tells it; the answers' statuses."""
    told = [
        twilio.calls_in(people.alice.number, token="a"),
        twilio.tells("call_status", CallStatus="in-progress", token="b"),
        twilio.tells("stream_status", StreamEvent="stream-started", token="c", **STREAM),
        twilio.says_of_recording("in-progress", token="d"),
        twilio.tells("stream_status", StreamEvent="stream-stopped", token="e", **STREAM),
        twilio.tells("call_status", CallStatus="completed", CallDuration="11", token="f"),
        twilio.says_of_recording("completed", token="g"),
    ]
    return [answer.status_code for answer in told]


def everything(database: Database) -> dict[str, list[object]]:
    """All that is known of calls."""
    with database.transaction() as session:
        return {table: list(session.scalars(text(ROWS.format(table=table)))) for table in TABLES}


@pytest.fixture
def done(twilio: Twilio, people: People, house: House) -> None:
    """A call that has been told of, fetched, written down and summed up."""
    tell_everything(twilio, people)
    sample.close_stages(house.database, CALL_SID)
    sample.change(house.database, CALL_SID, **sample.DONE | {"recording_sid": RECORDING_SID, "summary": sample.SUMMARY})
    sample.add_transcript(house.database, CALL_SID)


@pytest.mark.usefixtures("done")
def test_a_call_told_of_once_more_after_a_month_stays_as_it_is(
    twilio: Twilio, people: People, house: House, redis: Redis
) -> None:
    redis.flushall()
    with house.database.transaction() as session:
        session.execute(text("UPDATE call_log SET created_at = created_at - interval '30 days'"))
        deliveries.forget(session, older_than=timedelta(0))
    before = everything(house.database)

    answers = tell_everything(twilio, people)

    assert set(answers) <= {200, 204}
    assert everything(house.database) == before
    assert redis.dbsize() == 0


@pytest.mark.parametrize("times", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_an_event_told_many_times_in_a_row_is_one_event_and_one_job(
    times: int, twilio: Twilio, people: People, database: Database, redis: Redis
) -> None:
    twilio.calls_in(people.alice.number)
    twilio.says_of_recording("completed")
    before = everything(database)

    answers = {twilio.says_of_recording("completed").status_code for _ in range(times)}

    assert answers == {204}
    assert everything(database) == before
    assert rows.jobs_in(redis, "recordings") == 1
