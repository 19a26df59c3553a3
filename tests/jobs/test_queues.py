"""At most one live job a call and stage, whoever enqueues and whatever came before."""

import json
import multiprocessing
import zlib
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from db import claims
from db.engine import Database
from db.words import Stage
from jobs import redis as redis_connections
from jobs.queues import Queues
from tests.support.calls import TERMS, make_business, make_calls, sid

RIVALS = 6
SPAWN = multiprocessing.get_context("spawn")
JOB_ID = f"download-{sid(1)}"


def enqueue_at_once(redis_url: str, barrier: Barrier) -> bool:
    """What one of several processes achieves."""
    client = redis_connections.connect(redis_url, timeout=10)
    queues = Queues(client, None, slots=3)  # type: ignore[arg-type]  # enqueue_once asks no database
    barrier.wait()
    return queues.enqueue_once(Stage.DOWNLOAD, sid(1))


def enqueue_together(redis_url: str) -> int:
    with SPAWN.Manager() as shared:
        barrier = shared.Barrier(RIVALS)
        with SPAWN.Pool(RIVALS) as pool:
            return sum(pool.starmap(enqueue_at_once, [(redis_url, barrier)] * RIVALS))


@pytest.fixture
def queues(redis: Redis, database: Database) -> Queues:
    return Queues(redis, database, slots=3)


def job(redis: Redis) -> Job:
    return Job.fetch(JOB_ID, connection=redis, serializer=JSONSerializer)


def test_of_many_processes_at_once_one_enqueues(queues: Queues, redis_url: str) -> None:
    assert enqueue_together(redis_url) == 1
    assert queues.queue("recordings").get_job_ids() == [JOB_ID]


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(JobStatus.FINISHED, marks=pytest.mark.slow),
        JobStatus.FAILED,
        pytest.param(JobStatus.CANCELED, marks=pytest.mark.slow),
    ],
)
def test_after_an_earlier_job_has_ended_one_of_many_enqueues_again(
    queues: Queues, redis: Redis, redis_url: str, ended: JobStatus
) -> None:
    queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    redis.delete(queues.queue("recordings").key)
    job(redis).set_status(ended)

    assert enqueue_together(redis_url) == 1
    assert queues.queue("recordings").get_job_ids() == [JOB_ID]


def start(queues: Queues, redis: Redis, seconds_ago: float) -> None:
    """As after a worker has taken the job."""
    queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    redis.delete(queues.queue("recordings").key)
    started = job(redis)
    started.started_at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    started.save()
    started.set_status(JobStatus.STARTED)


def test_a_running_job_keeps_others_out(queues: Queues, redis: Redis, database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    start(queues, redis, seconds_ago=60)
    with database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, sid(1), "its worker", TERMS)

    assert not queues.enqueue_once(Stage.DOWNLOAD, sid(1))


def test_a_job_that_has_just_started_keeps_others_out_before_its_claim(queues: Queues, redis: Redis) -> None:
    start(queues, redis, seconds_ago=0)

    assert not queues.enqueue_once(Stage.DOWNLOAD, sid(1))


def test_the_job_of_a_killed_worker_does_not_block_the_next_attempt(
    queues: Queues, redis: Redis, database: Database
) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    start(queues, redis, seconds_ago=60)

    assert queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    assert queues.queue("recordings").get_job_ids() == [JOB_ID]


def test_a_job_carries_the_calls_identifier_in_json_and_nothing_else(queues: Queues, redis: Redis) -> None:
    queues.enqueue_once(Stage.DOWNLOAD, sid(1))

    stored = json.loads(zlib.decompress(redis.hget(f"rq:job:{JOB_ID}", "data")))
    assert stored == ["jobs.pipeline.work", None, [sid(1)], {}]


def test_a_pickled_job_is_refused(queues: Queues, redis: Redis) -> None:
    """A crafted value in Redis must not run: a worker that unpickles would run a shell command here."""
    queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    redis.hset(f"rq:job:{JOB_ID}", "data", b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")

    worker = SimpleWorker([queues.queue("recordings")], connection=redis, serializer=JSONSerializer)
    worker.work(burst=True)

    assert job(redis).get_status() == JobStatus.FAILED


def test_admission_enqueues_no_more_than_the_slots(queues: Queues, database: Database) -> None:
    business = make_business(database)
    make_calls(database, Stage.DOWNLOAD, range(10), business)

    assert queues.admit(Stage.DOWNLOAD, business) == 3
    assert queues.admit(Stage.DOWNLOAD, business) == 0
    assert len(queues.queue("recordings").get_job_ids()) == 3


def test_without_redis_admission_reports_nothing_enqueued_and_raises_nothing(database: Database) -> None:
    nobody_listens = redis_connections.connect("redis://127.0.0.1:9/0")
    make_calls(database, Stage.DOWNLOAD, [1])

    assert Queues(nobody_listens, database, slots=3).admit(Stage.DOWNLOAD, None) == 0


def test_a_job_of_which_only_a_torso_is_left_does_not_stop_the_next(queues: Queues, redis: Redis) -> None:
    redis.hset(f"rq:job:{JOB_ID}", "last_heartbeat", "2026-01-01T00:00:00Z")

    assert queues.enqueue_once(Stage.DOWNLOAD, sid(1))


def test_what_a_killed_worker_left_of_its_job_does_not_stop_the_next(queues: Queues, redis: Redis) -> None:
    """Its execution's hash expires a minute after its last heartbeat; the name stays in RQ's registries."""
    assert queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    with redis.pipeline() as pipe:
        execution = Execution.create(job(redis), 60, pipeline=pipe)
        pipe.execute()
    redis.delete(execution.key, "rq:queue:recordings")
    job(redis).set_status(JobStatus.FAILED)

    assert queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    assert redis.zcard(job(redis).started_job_registry.key) == 0
