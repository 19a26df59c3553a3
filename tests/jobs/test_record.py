"""The safety net: a call is recorded, once, whoever starts the recording."""

from collections.abc import Sequence

import pytest
from redis import Redis

from db import calls, tasks
from db.calls import CallFacts
from db.engine import Database
from db.models import CallLog
from db.words import Outcome, RecordingMode, RecordingStatus, Stage
from jobs.pace import Pace
from jobs.record import Record
from providers.telephony import RecordingInfo, Telephony
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.simulator.simulated_customer import ANSWER_AND_DIAL, Customer
from tests.support.crew import make_crew, work

DIAL_ONLY = "<Response><Dial><Number>+14155550199</Number></Dial></Response>"
SPEED = 3
"""Slow enough for a look or two while the call is on."""

SECONDS = 14


class Lagging(Telephony):
    """Its list does not have the recording yet when it is asked first."""

    looks = 0

    def recordings(self, call_sid: str) -> Sequence[RecordingInfo]:
        self.looks += 1
        return super().recordings(call_sid) if self.looks > 1 else []


def look(
    company: Company,
    database: Database,
    redis: Redis,
    call_sid: str,
    *,
    mode: RecordingMode | None,
    kind: type[Telephony] = Telephony,
) -> None:
    """What incoming_call has a worker do."""
    with database.transaction() as session:
        call = calls.tell(session, CallFacts(call_sid, "ringing", "inbound"), ask_after=60)
        call.recording_mode = mode
        tasks.open_task(session, call, Stage.RECORDING)
    telephony = kind(ACCOUNT.account_sid, ACCOUNT.auth_token, company.url)
    callback = f"{company.exchange.public_base_url}/webhook/handle_recording"
    trade = Record(telephony, database, Pace(60, 1200), on_the_line=600, callback=callback, may_start=True)
    work(make_crew(database, redis, trade), call_sid)


def stored(database: Database, call_sid: str) -> CallLog:
    with database.transaction() as session:
        call = calls.lock(session, call_sid)
        assert call
        return call


def creates(company: Company, call_sid: str) -> list[int]:
    return [recording["creates"] for recording in company.hang_up(call_sid)["recordings"]]


def test_a_call_that_twiml_records_gets_no_second_recording(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    call_sid = company.place(counted_speech(SECONDS), speed=SPEED)

    look(company, database, redis, call_sid, mode=RecordingMode.TWIML)

    assert stored(database, call_sid).recording_status == RecordingStatus.RECORDING
    assert creates(company, call_sid) == [1]


@pytest.mark.parametrize("mode", [RecordingMode.TWIML, pytest.param(RecordingMode.CALL_RECORD, marks=pytest.mark.slow)])
def test_a_recording_that_is_not_listed_at_once_is_looked_for_twice(
    mode: RecordingMode, company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    call_sid = company.place(counted_speech(SECONDS), speed=SPEED)

    look(company, database, redis, call_sid, mode=mode, kind=Lagging)

    assert stored(database, call_sid).recording_status == RecordingStatus.RECORDING
    assert creates(company, call_sid) == [1]


def test_a_call_that_twiml_failed_to_record_is_recorded_by_rest(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", DIAL_ONLY)
    call_sid = company.place(counted_speech(SECONDS), speed=SPEED)

    look(company, database, redis, call_sid, mode=RecordingMode.TWIML)

    call = stored(database, call_sid)
    assert (call.recording_status, call.recording_mode) == (RecordingStatus.RECORDING, RecordingMode.API)
    assert creates(company, call_sid) == [1]


def test_too_early_is_tried_again_while_the_call_is_on(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", DIAL_ONLY)
    call_sid = company.place(counted_speech(SECONDS), speed=SPEED, fault=["create_21220=2"])

    look(company, database, redis, call_sid, mode=None)

    assert stored(database, call_sid).recording_status == RecordingStatus.RECORDING
    assert creates(company, call_sid) == [1]


def test_a_call_that_ended_unrecorded_is_settled_with_a_reason(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", DIAL_ONLY)
    call_sid = company.call(counted_speech(SECONDS))["call_sid"]

    look(company, database, redis, call_sid, mode=RecordingMode.TWIML)

    call = stored(database, call_sid)
    assert (call.recording_status, call.outcome) == (RecordingStatus.FAILED, Outcome.NO_RECORDING)
    assert call.call_status == "completed"


def test_a_recording_whose_callback_was_lost_is_found_by_asking(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    call_sid = company.call(counted_speech(SECONDS), fault=["drop=recording-completed"])["call_sid"]

    look(company, database, redis, call_sid, mode=RecordingMode.TWIML)

    call = stored(database, call_sid)
    assert call.recording_status == RecordingStatus.COMPLETED
    assert (
        call.recording_url == f"{company.url}/2010-04-01/Accounts/{ACCOUNT.account_sid}/Recordings/{call.recording_sid}"
    )
    with database.transaction() as session:
        assert set(tasks.open_stages(session, call)) == {Stage.DOWNLOAD}


def test_a_call_whose_end_was_never_told_is_found_to_be_over(
    company: Company, customer: Customer, database: Database, redis: Redis
) -> None:
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    call_sid = company.call(counted_speech(SECONDS), fault=["drop=call-completed"])["call_sid"]

    look(company, database, redis, call_sid, mode=RecordingMode.TWIML)

    call = stored(database, call_sid)
    assert (call.call_status, call.duration) == ("completed", SECONDS)
    assert call.from_number is not None
