"""Recordings that nobody told us of are found in the phone company's list."""

from pathlib import Path

from redis import Redis
from sqlalchemy import select

from db import tasks
from db.engine import Database
from db.events import Event
from db.models import CallEvent, CallLog, SweepRun
from db.words import RecordingStatus, Stage
from jobs import reconcile
from providers.telephony import Telephony
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.crew import make_maintenance, on_duty

SECONDS = 14


def look(
    database: Database, redis: Redis, folder: Path, url: str, *, stuck: float = 0, token: str = ACCOUNT.auth_token
) -> None:
    telephony = Telephony(ACCOUNT.account_sid, token, url)
    with on_duty(make_maintenance(database, redis, folder, telephony=telephony, stuck=stuck)):
        reconcile.recordings_there()


def stored(database: Database) -> list[CallLog]:
    with database.transaction() as session:
        return list(session.scalars(select(CallLog)))


def watermark(database: Database) -> object:
    with database.transaction() as session:
        return session.scalar(select(SweepRun.watermark))


def test_a_recording_that_we_never_heard_of_is_adopted_once(
    company: Company, database: Database, redis: Redis, tmp_path: Path
) -> None:
    told = company.call(counted_speech(SECONDS))

    for _ in range(2):
        look(database, redis, tmp_path, company.url, stuck=-2)

    (call,) = stored(database)
    assert (call.call_sid, call.recording_status) == (told["call_sid"], RecordingStatus.COMPLETED)
    assert call.recording_sid == told["recordings"][0]["recording_sid"]
    with database.transaction() as session:
        assert set(tasks.open_stages(session, call)) == {Stage.RECORDING, Stage.DOWNLOAD}
        repaired = select(CallEvent.detail).where(CallEvent.event == Event.REPAIRED)
        assert session.scalars(repaired).all() == [{"stage": "recording"}]
        assert session.scalars(select(SweepRun.repaired)).all() == [1]
    assert redis.llen("rq:queue:recordings") == 1
    assert redis.llen("rq:queue:calls") == 1


def test_a_recording_so_young_that_we_may_still_be_told_of_it_is_left_alone(
    company: Company, database: Database, redis: Redis, tmp_path: Path
) -> None:
    company.call(counted_speech(SECONDS))

    look(database, redis, tmp_path, company.url, stuck=600)

    assert stored(database) == []


def test_a_list_that_could_not_be_read_is_read_again(
    company: Company, database: Database, redis: Redis, tmp_path: Path
) -> None:
    company.call(counted_speech(SECONDS))
    look(database, redis, tmp_path, company.url, stuck=-2, token="wrong")
    assert (stored(database), watermark(database)) == ([], None)

    look(database, redis, tmp_path, company.url, stuck=-2)
    assert len(stored(database)) == 1
    assert watermark(database) is not None
