"""Many processes want one call's download at the same moment: one of them enqueues it, whatever came before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from db import claims, tasks
from db.engine import Database
from db.words import Stage
from jobs.pipeline import Crew
from jobs.queues import CLAIM_WITHIN, Queues
from tests.full.crowd import Crowd, crowd_of
from tests.full.processes import staged_workers
from tests.full.rivals import enqueue
from tests.support.calls import get_call, make_calls, sid
from tests.support.crew import Acting, make_crew, make_maintenance, on_duty, settled
from tests.support.system import eventually

JOB_ID = f"download-{sid(1)}"
CURTAIN = "curtain"
NOWHERE = Path("/nonexistent")
SIZES = [
    pytest.param((8, 3), id="8 processes, 3 rounds"),
    pytest.param((50, 12), id="50 processes, 12 rounds", marks=pytest.mark.slow),
]


@dataclass(frozen=True)
class Scene:
    """One call, and many processes that want its download."""

    database: Database
    redis: Redis
    crowd: Crowd
    urls: tuple[str, str]

    @property
    def queues(self) -> Queues:
        return Queues(self.redis, self.database, slots=3)

    @property
    def waiting(self) -> list[str]:
        return self.queues.queue("recordings").get_job_ids()

    def job(self) -> Job:
        return Job.fetch(JOB_ID, connection=self.redis, serializer=JSONSerializer)

    def has_ended(self) -> bool:
        return self.job().get_status() == JobStatus.FINISHED and not self.is_claimed()

    def accepted(self) -> int:
        """How many of the crowd put the call onto the queue."""
        return sum(self.crowd.at_once(enqueue, *self.urls, sid(1)))

    def open(self) -> None:
        """The call is to be downloaded."""
        with self.database.transaction() as session:
            tasks.open_task(session, get_call(session, 1), Stage.DOWNLOAD)

    def run(self, crew: Crew) -> JobStatus:
        """Have a worker take what is queued; how its job ended."""
        worker = SimpleWorker([self.queues.queue("recordings")], connection=self.redis, serializer=JSONSerializer)
        with on_duty(crew):
            worker.work(burst=True, logging_level="CRITICAL")
        return self.job().get_status()

    def is_claimed(self) -> bool:
        with self.database.transaction() as session:
            return claims.is_claimed(session, Stage.DOWNLOAD, sid(1))

    def is_past_the_first_seconds(self) -> bool:
        """A job that has just started is believed to be running without a look at its claim."""
        started = self.job().started_at
        return started is not None and datetime.now(UTC) - started > CLAIM_WITHIN


@contextmanager
def scene_of(size: int, database: Database, redis: Redis, urls: tuple[str, str]) -> Iterator[Scene]:
    make_calls(database, Stage.DOWNLOAD, [1])
    with crowd_of(size) as crowd:
        yield Scene(database, redis, crowd, urls)


def absent(scene: Scene) -> None:
    """Nobody has enqueued it, or Redis has forgotten."""
    scene.redis.flushall()


def finished(scene: Scene) -> None:
    """A worker has run it to its end."""
    scene.queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    crew = make_crew(scene.database, scene.redis, Acting(Stage.DOWNLOAD, lambda held: settled))
    assert scene.run(crew) == JobStatus.FINISHED
    scene.open()


def failed(scene: Scene) -> None:
    """A worker has run it, and it raised: that worker takes no calls."""
    scene.queues.enqueue_once(Stage.DOWNLOAD, sid(1))
    assert scene.run(make_maintenance(scene.database, scene.redis, NOWHERE)) == JobStatus.FAILED


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reach", [absent, finished, failed])
def test_of_many_at_once_one_enqueues_in_every_round(
    reach: Callable[[Scene], None],
    size: tuple[int, int],
    database: Database,
    redis: Redis,
    database_url: str,
    redis_url: str,
) -> None:
    processes, rounds = size
    with scene_of(processes, database, redis, (database_url, redis_url)) as scene:
        for _ in range(rounds):
            reach(scene)

            assert scene.accepted() == 1
            assert scene.waiting == [JOB_ID]


@pytest.mark.parametrize("size", SIZES)
def test_while_it_is_queued_none_of_many_enqueues_it_again(
    size: tuple[int, int], database: Database, redis: Redis, database_url: str, redis_url: str
) -> None:
    processes, rounds = size
    with scene_of(processes, database, redis, (database_url, redis_url)) as scene:
        scene.queues.enqueue_once(Stage.DOWNLOAD, sid(1))

        assert [scene.accepted() for _ in range(rounds)] == [0] * rounds
        assert scene.waiting == [JOB_ID]


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_while_a_worker_is_at_it_none_of_many_enqueues_it_and_afterwards_one_does(
    size: tuple[int, int], database: Database, redis: Redis, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    processes, rounds = size
    with (
        scene_of(processes, database, redis, (database_url, redis_url)) as scene,
        staged_workers(1, "recordings", tmp_path, database_url, redis_url, CURTAIN),
    ):
        assert scene.accepted() == 1
        for _ in range(rounds):
            eventually(scene.is_claimed)
            assert scene.accepted() == 0
            eventually(scene.is_past_the_first_seconds)
            assert scene.accepted() == 0
            assert scene.waiting == []
            redis.rpush(CURTAIN, "up")
            eventually(scene.has_ended)
            scene.open()
            assert scene.accepted() == 1
        redis.rpush(CURTAIN, "up")
        eventually(scene.has_ended)
