"""Sweeps put right what was interrupted, and nothing else."""

from redis import Redis

from db import claims
from db.claims import Terms
from db.engine import Database
from db.models import SweepRun
from db.words import DownloadStatus, Outcome, Stage
from jobs import sweeps
from jobs.pipeline import Crew
from tests.support.calls import TERMS, get_call, get_task, make_calls, sid
from tests.support.crew import end_leases, make_crew, on_duty

LAST_ATTEMPT = Terms(slots=3, lease=60, attempts=1)


def claimed(database: Database, terms: Terms = TERMS) -> None:
    """A call whose worker has died."""
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, sid(1), "a dead worker", terms)
    end_leases(database)


def sweep(crew: Crew) -> None:
    with on_duty(crew):
        sweeps.leases()
        sweeps.due()


def test_a_dead_workers_call_goes_back_in_line_and_is_enqueued(database: Database, redis: Redis) -> None:
    claimed(database)
    crew = make_crew(database, redis, None)
    sweep(crew)

    assert crew.queues.queue("recordings").get_job_ids() == [f"download-{sid(1)}"]
    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert (task.claim, task.attempts) == (None, 1)
        assert get_call(session, 1).recording_download_status == DownloadStatus.QUEUED


def test_a_call_that_killed_its_worker_at_every_attempt_is_given_up(database: Database, redis: Redis) -> None:
    claimed(database, LAST_ATTEMPT)
    sweep(make_crew(database, redis, None, LAST_ATTEMPT))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.outcome) == (DownloadStatus.FAILED, Outcome.GAVE_UP)
        assert get_task(session, 1, Stage.DOWNLOAD) is None


def test_a_running_claim_is_left_alone(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        held = claims.claim(session, Stage.DOWNLOAD, sid(1), "a worker", TERMS)
    sweep(make_crew(database, redis, None))

    assert held
    with database.transaction() as session:
        assert claims.own(session, held).call_sid == sid(1)


def test_a_flushed_redis_gets_its_jobs_back_after_the_cooldown(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    crew = make_crew(database, redis, None)
    crew.queues.admit(Stage.TRANSCRIPT, None)
    redis.flushall()
    with on_duty(crew):
        sweeps.due()
    assert crew.queues.queue("transcripts").get_job_ids() == []

    impatient = Crew(**{**vars(crew), "cooldown": 0})
    with on_duty(impatient):
        sweeps.due()
    assert crew.queues.queue("transcripts").get_job_ids() == [f"transcript-{sid(1)}"]


def test_a_sweep_run_twice_does_nothing_twice(database: Database, redis: Redis) -> None:
    claimed(database)
    crew = make_crew(database, redis, None)
    sweep(crew)
    sweep(crew)

    assert crew.queues.queue("recordings").get_job_ids() == [f"download-{sid(1)}"]


def test_a_sweep_records_when_it_ran(database: Database, redis: Redis) -> None:
    sweep(make_crew(database, redis, None))

    with database.transaction() as session:
        assert {run.name for run in session.query(SweepRun)} == {"leases", "due"}
