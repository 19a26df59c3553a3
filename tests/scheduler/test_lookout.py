"""The scheduler tells operators when nobody sweeps: without the maintenance worker nobody else would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import update

from conf.settings import with_driver
from db.engine import Database, connect
from db.models import SweepRun
from db.tasks import seconds
from jobs import sweeps
from providers.alerts import open_alerts
from scheduler.lookout import Lookout
from scheduler.reconcile import TimetableScheduler
from tests.scheduler.test_reconcile import ENTRIES
from tests.support.crew import close_crews, make_maintenance, on_duty
from tests.support.inbox import Inbox, open_inbox
from tests.support.system import eventually

SWEEP_SECONDS = 0.2
"""A second without any sweep is too long."""

SILENT, OVER = "Second Zero: maintenance silent", "Second Zero: over: maintenance silent"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


def run_a_sweep(database: Database, redis: Redis, folder: Path) -> None:
    with on_duty(make_maintenance(database, redis, folder)):
        sweeps.due()
    close_crews()


def make_lookout(database: Database, inbox: Inbox, sweep_seconds: float = SWEEP_SECONDS) -> Lookout:
    return Lookout(database, open_alerts(inbox.address), sweep_seconds=sweep_seconds)


@pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")  # rq-scheduler's own
def test_silence_is_told_once_and_its_end_too(database: Database, redis: Redis, tmp_path: Path, inbox: Inbox) -> None:
    run_a_sweep(database, redis, tmp_path)
    scheduler = TimetableScheduler(ENTRIES, connection=redis, interval=1, lookout=make_lookout(database, inbox))
    scheduler.enqueue_jobs()
    assert inbox.titles == []

    eventually(lambda: scheduler.enqueue_jobs() is None or inbox.titles == [SILENT], 3)
    scheduler.enqueue_jobs()
    run_a_sweep(database, redis, tmp_path)
    scheduler.enqueue_jobs()
    assert inbox.titles == [SILENT, OVER]


def test_a_maintenance_worker_that_never_was_there_is_missed_too(database: Database, inbox: Inbox) -> None:
    lookout = make_lookout(database, inbox)
    lookout.look()
    assert inbox.titles == []

    eventually(lambda: lookout.look() or inbox.titles == [SILENT], 3)


def test_after_a_night_in_which_everything_was_off_maintenance_may_come_up_first(
    database: Database, redis: Redis, tmp_path: Path, inbox: Inbox
) -> None:
    run_a_sweep(database, redis, tmp_path)
    with database.transaction() as session:
        session.execute(update(SweepRun).values(ran_at=SweepRun.ran_at - seconds(8 * 3600)))

    make_lookout(database, inbox, sweep_seconds=60).look()

    assert inbox.titles == []


def test_without_postgres_the_timetable_is_kept(redis: Redis, inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Database(connect(with_driver("postgresql://127.0.0.1:9/x"), statement_seconds=1, application="tests"))
    make_lookout(nowhere, inbox).look()

    assert "LOOKOUT_POSTPONED reason=db_error" in caplog.text
