"""The timetable is kept whatever Redis forgets and however many schedulers there are."""

import time
from collections.abc import Sequence

import pytest
from redis import Redis

from jobs import redis as redis_connections
from scheduler.reconcile import JsonQueue, TimetableScheduler
from scheduler.timetable import Entry, timetable
from tests.support.servers import Server
from tests.support.system import eventually

ENTRIES = (Entry("sweep-one", "jobs.sweeps.leases", 60), Entry("sweep-two", "jobs.sweeps.due", 60))

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")  # rq-scheduler's own


def scheduler(redis: Redis, entries: Sequence[Entry] = ENTRIES) -> TimetableScheduler:
    return TimetableScheduler(entries, connection=redis, interval=1)


def planned(redis: Redis) -> dict[str, float]:
    return {job_id.decode(): at for job_id, at in redis.zrange("rq:scheduler:scheduled_jobs", 0, -1, withscores=True)}


def queued(redis: Redis) -> list[str]:
    return list(JsonQueue("maintenance", connection=redis).get_job_ids())


def make_all_due(redis: Redis) -> None:
    redis.zadd("rq:scheduler:scheduled_jobs", {name: 1 for name in planned(redis)})


def test_every_entry_is_enqueued_when_it_is_due_and_planned_again(redis: Redis) -> None:
    scheduler(redis).enqueue_jobs()

    assert queued(redis) == ["sweep-one", "sweep-two"]
    assert set(planned(redis)) == {"sweep-one", "sweep-two"}
    assert min(planned(redis).values()) > 1


def test_two_schedulers_enqueue_a_due_entry_once(redis: Redis) -> None:
    scheduler(redis).enqueue_jobs()
    make_all_due(redis)
    scheduler(redis).enqueue_jobs()

    assert queued(redis) == ["sweep-one", "sweep-two"]


def test_an_unchanged_entry_keeps_its_next_time(redis: Redis) -> None:
    scheduler(redis).enqueue_jobs()
    before = planned(redis)
    scheduler(redis).reconcile()

    assert planned(redis) == before


def test_a_changed_entry_is_written_anew_and_one_that_is_gone_is_removed(redis: Redis) -> None:
    scheduler(redis).enqueue_jobs()
    changed = scheduler(redis, [Entry("sweep-one", "jobs.sweeps.leases", 5)])
    changed.reconcile()

    assert set(planned(redis)) == {"sweep-one"}
    assert planned(redis)["sweep-one"] < 2**31


def test_a_flushed_redis_gets_its_timetable_back(redis: Redis) -> None:
    running = scheduler(redis)
    running.enqueue_jobs()
    redis.flushall()
    running.enqueue_jobs()

    assert queued(redis) == ["sweep-one", "sweep-two"]


def test_an_entry_of_somebody_else_does_not_stop_the_scheduler(redis: Redis) -> None:
    redis.zadd("rq:scheduler:scheduled_jobs", {"garbage": 1})
    redis.hset("rq:job:garbage", "data", b"not a job")
    scheduler(redis).enqueue_jobs()

    assert set(planned(redis)) == {"sweep-one", "sweep-two"}


def test_the_sweeps_come_as_often_as_the_operator_says() -> None:
    often = {entry.job_id: entry.every_seconds for entry in timetable(60)}

    assert often == {
        "sweep-leases": 15,
        "sweep-due": 60,
        "sweep-unlisted": 60,
        "sweep-recordings": 60,
        "sweep-deletions": 60,
        "sweep-unread": 15,
        "sweep-leftovers": 600,
        "sweep-alerts": 60,
    }


def test_no_sweep_comes_more_often_than_once_a_second() -> None:
    assert min(entry.every_seconds for entry in timetable(1)) == 1


def test_a_frozen_redis_does_not_end_the_scheduler(own_valkey: Server) -> None:
    client = redis_connections.connect(own_valkey.url)
    with own_valkey.frozen():
        scheduler(client).enqueue_jobs()
        scheduler(client).heartbeat()

    eventually(lambda: client.ping())
    scheduler(client).enqueue_jobs()
    assert set(planned(client)) == {"sweep-one", "sweep-two"}


def test_times_from_a_clock_that_was_ahead_are_put_right(redis: Redis) -> None:
    scheduler(redis).enqueue_jobs()
    an_hour_ahead = time.time() + 3600
    redis.zadd("rq:scheduler:scheduled_jobs", {name: an_hour_ahead for name in planned(redis)})

    scheduler(redis).enqueue_jobs()

    assert max(planned(redis).values()) < an_hour_ahead - 3000
