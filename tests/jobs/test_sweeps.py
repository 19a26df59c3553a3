"""Sweeps put right what was interrupted, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select, update

from db import claims
from db.claims import Terms
from db.engine import Database, connect
from db.models import ApiToken, SweepRun, WebhookDelivery
from db.tasks import seconds
from db.words import DownloadStatus, Outcome, Stage
from jobs import sweeps
from jobs.pipeline import Crew
from tests.support.calls import TERMS, get_call, get_task, make_calls, sid
from tests.support.crew import end_leases, make_maintenance, on_duty
from tests.support.people import People

LAST_ATTEMPT = Terms(slots=3, lease=60, attempts=1)
LEASE = 0.1
"""The tests' PostgreSQL has been up for longer."""


@pytest.fixture
def crew(database: Database, redis: Redis, tmp_path: Path) -> Crew:
    served(database)
    return make_maintenance(database, redis, tmp_path, lease=LEASE)


def served(database: Database, *, since: float = 60, last_run: float = 0) -> None:
    """As if the sweep of leases had run `since` seconds ago, and on until `last_run` seconds ago."""
    now = func.clock_timestamp()
    with database.transaction() as session:
        session.merge(SweepRun(name="leases"))
        session.flush()
        session.execute(update(SweepRun).values(since=now - seconds(since), ran_at=now - seconds(last_run)))


def claimed(database: Database, terms: Terms = TERMS) -> None:
    """A call whose worker has died."""
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, sid(1), "a dead worker", terms)
    end_leases(database)


def run(crew: Crew, *wanted: Callable[[], None]) -> None:
    with on_duty(crew):
        for sweep in wanted or (sweeps.leases, sweeps.due):
            sweep()


def test_a_dead_workers_call_goes_back_in_line_and_is_enqueued(database: Database, crew: Crew) -> None:
    claimed(database)
    run(crew)

    assert crew.queues.queue("recordings").get_job_ids() == [f"download-{sid(1)}"]
    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert (task.claim, task.attempts) == (None, 1)
        assert get_call(session, 1).recording_download_status == DownloadStatus.QUEUED


def test_a_call_that_killed_its_worker_at_every_attempt_is_given_up(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    served(database)
    claimed(database, LAST_ATTEMPT)
    run(make_maintenance(database, redis, tmp_path, lease=LEASE, attempts=1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.outcome) == (DownloadStatus.FAILED, Outcome.GAVE_UP)
        assert get_task(session, 1, Stage.DOWNLOAD) is None


def test_a_running_claim_is_left_alone(database: Database, crew: Crew) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        held = claims.claim(session, Stage.DOWNLOAD, sid(1), "a worker", TERMS)
    run(crew)

    assert held
    with database.transaction() as session:
        assert claims.own(session, held).call_sid == sid(1)


def test_leases_that_ended_while_no_sweep_ran_are_not_the_workers_fault(database: Database, crew: Crew) -> None:
    claimed(database)
    served(database, since=3600, last_run=600)
    run(crew)

    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert task.claim is not None

    served(database, since=LEASE)
    run(crew)

    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert (task.claim, task.attempts) == (None, 0)


def test_leases_that_ended_while_postgres_was_down_are_not_the_workers_fault(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    longer_than_this_server_runs = 24 * 3600
    served(database, since=7 * 24 * 3600)
    claimed(database)
    run(make_maintenance(database, redis, tmp_path, lease=longer_than_this_server_runs))

    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert task.claim is not None


def test_a_flushed_redis_gets_its_jobs_back_after_the_cooldown(database: Database, redis: Redis, crew: Crew) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    crew.queues.admit(Stage.TRANSCRIPT, None)
    redis.flushall()
    run(crew, sweeps.due)
    assert crew.queues.queue("transcripts").get_job_ids() == []

    run(Crew(**{**vars(crew), "cooldown": 0}), sweeps.due)
    assert crew.queues.queue("transcripts").get_job_ids() == [f"transcript-{sid(1)}"]


def test_a_job_that_fell_off_its_queue_is_enqueued_again(database: Database, redis: Redis, crew: Crew) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    crew.queues.admit(Stage.TRANSCRIPT, None)
    redis.delete("rq:queue:transcripts")
    assert redis.exists(f"rq:job:transcript-{sid(1)}")

    run(Crew(**{**vars(crew), "cooldown": 0}), sweeps.due)
    assert crew.queues.queue("transcripts").get_job_ids() == [f"transcript-{sid(1)}"]


def test_a_sweep_run_twice_does_nothing_twice(database: Database, crew: Crew) -> None:
    claimed(database)
    run(crew)
    run(crew)

    assert crew.queues.queue("recordings").get_job_ids() == [f"download-{sid(1)}"]


def test_every_sweep_records_when_it_ran(database: Database, crew: Crew) -> None:
    run(crew, sweeps.leases, sweeps.due, sweeps.unlisted, sweeps.unread, sweeps.leftovers)

    with database.transaction() as session:
        assert {run.name for run in session.query(SweepRun)} == {"leases", "due", "unlisted", "unread", "leftovers"}


def test_tokens_of_long_ago_are_forgotten_and_young_ones_kept(database: Database, crew: Crew, people: People) -> None:
    long_ago = func.now() - seconds(30 * 24 * 3600)
    with database.transaction() as session:
        session.add_all(WebhookDelivery(token=token) for token in ("old", "young"))
        user_id = session.scalars(select(ApiToken.user_id).limit(1)).one()
        for name in ("session", "a program"):
            session.add(ApiToken(user_id=user_id, name=name, token_sha256=name, created_at=long_ago))
        session.add(ApiToken(user_id=user_id, name="session", token_sha256="young"))
        session.flush()
        session.execute(update(WebhookDelivery).where(WebhookDelivery.token == "old").values(received_at=long_ago))

    run(crew, sweeps.leftovers)

    with database.transaction() as session:
        assert session.scalars(select(WebhookDelivery.token)).all() == ["young"]
        assert {"young", "a program"} <= set(session.scalars(select(ApiToken.token_sha256)))
        assert "session" not in set(session.scalars(select(ApiToken.token_sha256)))


@pytest.mark.parametrize("sweep", [sweeps.leases, sweeps.due, sweeps.unlisted, sweeps.unread, sweeps.leftovers])
def test_without_postgres_a_sweep_leaves_its_work_to_the_next(
    sweep: Callable[[], None], crew: Crew, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Database(connect("postgresql+psycopg2://127.0.0.1:9/nothing", statement_seconds=1, application="tests"))

    run(Crew(**{**vars(crew), "database": nowhere}), sweep)

    assert "SWEEP_POSTPONED" in caplog.text
    assert "127.0.0.1" not in caplog.text
