"""Workers and the scheduler leave marks by which they are known to live: idle and at work."""

from pathlib import Path

import pytest
from redis import Redis

from db.engine import Database
from db.words import Stage
from jobs import marks
from jobs.queues import Queues
from scheduler.reconcile import TimetableScheduler
from tests.full.processes import staged_workers
from tests.support.calls import make_calls
from tests.support.system import eventually

FROZEN_SECONDS = 4
CURTAIN = "curtain"


@pytest.mark.slow
def test_a_worker_leaves_new_marks_while_it_is_idle_and_during_a_long_job(
    database: Database, redis: Redis, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    frozen = str(FROZEN_SECONDS)
    with staged_workers(
        1, "summaries", tmp_path, database_url, redis_url, CURTAIN, FROZEN_SECONDS=frozen, LEASE_SECONDS="60"
    ) as workers:
        seen = Marks(redis, workers[0].pid)
        seen.await_new_one()
        seen.await_new_one()

        make_calls(database, Stage.SUMMARY, [1])
        Queues(redis, database, slots=3).admit(Stage.SUMMARY, None)
        eventually(lambda: redis.hget(seen.key, "state") == b"busy")
        seen.await_new_one()
        seen.await_new_one()
        redis.rpush(CURTAIN, "up")


class Marks:
    """Those of one worker."""

    def __init__(self, redis: Redis, pid: int) -> None:
        self._redis, self._pid = redis, pid
        self._last: str | None = None
        self.key = f"rq:worker:{marks.name_of('summaries', pid)}"

    def await_new_one(self) -> None:
        def look() -> bool:
            found = marks.read(self._redis, "summaries", self._pid)
            is_new = found is not None and found != self._last
            self._last = found or self._last
            return is_new

        eventually(look, FROZEN_SECONDS * 3)


def test_a_scheduler_leaves_a_mark_and_takes_a_dead_namesakes_place(redis: Redis) -> None:
    """In a container every process has the same host and number, also after a kill."""
    for _ in range(2):
        scheduler = TimetableScheduler([], connection=redis, interval=60)
        scheduler.register_birth()
        scheduler.heartbeat()

    assert redis.hget(scheduler.key, marks.MARK)
