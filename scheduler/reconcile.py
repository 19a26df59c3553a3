"""rq-scheduler, made to keep a timetable: entries are there as written, once, in JSON, whatever Redis forgets."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

from conf.logs import log_event
from jobs import marks
from scheduler.lookout import Lookout
from scheduler.timetable import Entry

log = logging.getLogger(__name__)

KEEP_RESULT_INTERVALS = 10
"""A job's hash must outlive its interval, or its entry is lost."""


class JsonJob(Job):
    """rq-scheduler can't be told a serializer; a job class can."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options["serializer"] = JSONSerializer
        super().__init__(*arguments, **options)

    @classmethod
    def create(cls, *arguments: Any, **options: Any) -> Job:
        """As RQ does, in JSON."""
        return super().create(*arguments, **options | {"serializer": JSONSerializer})

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:
        """As RQ does, in JSON."""
        return super().fetch(id, connection=connection, serializer=JSONSerializer)


class JsonQueue(Queue):
    """A queue that speaks JSON however it is made."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options["serializer"] = JSONSerializer
        super().__init__(*arguments, **options)


@contextmanager
def _redis_may_be_away() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        log_event(log, logging.WARNING, "TIMETABLE_POSTPONED", reason=type(error).__name__)


class TimetableScheduler(Scheduler):
    """Looks every `interval` seconds. Two of them at once do no harm, so neither waits for the other's lock."""

    job_class = JsonJob
    queue_class = JsonQueue

    def __init__(
        self, entries: Sequence[Entry], *, connection: Redis, interval: float, lookout: Lookout | None = None
    ) -> None:
        super().__init__(connection=connection, interval=interval, name=marks.name_of(marks.SCHEDULER))
        self._lookout = lookout
        self._entries = {entry.job_id: entry for entry in entries}

    def acquire_lock(self) -> bool:
        """Always: rq-scheduler's lock has no owner, and blocks for an interval after a kill."""
        return True

    def remove_lock(self) -> None:
        """There is none."""

    def enqueue_jobs(self) -> Any:
        """Put the timetable right, then enqueue what is due; without Redis the next look does it."""
        enqueued: Any = []
        with _redis_may_be_away():
            self.reconcile()
            enqueued = super().enqueue_jobs()
        if self._lookout:
            self._lookout.look()
        return enqueued

    def register_birth(self) -> None:
        """A namesake is a dead predecessor: in a container every process has the same host and number."""
        self.connection.delete(self.key)
        super().register_birth()

    def heartbeat(self) -> None:
        """Says that this scheduler lives, to whoever looks into Redis."""
        with _redis_may_be_away():
            self.connection.hset(self.key, marks.MARK, datetime.now(UTC).isoformat())
            super().heartbeat()

    def reconcile(self) -> None:
        """New and changed entries are written, gone ones removed, unchanged ones keep their next time."""
        planned = self.connection.zrange(self.scheduled_jobs_key, 0, -1, withscores=True)
        there = {job_id.decode(): at for job_id, at in planned}
        for stray in there.keys() - self._entries.keys():
            self.cancel(stray)
        for entry in self._entries.values():
            latest = datetime.now(UTC).timestamp() + entry.every_seconds  # later only where a clock was ahead
            if there.get(entry.job_id, inf) > latest or not self._is_unchanged(entry):
                self._write(entry)

    def _is_unchanged(self, entry: Entry) -> bool:
        if not self.connection.exists(Job.key_for(entry.job_id)):
            return False
        job = JsonJob.fetch(entry.job_id, connection=self.connection)
        found = (job.func_name, job.origin, job.meta.get("interval"))
        return found == (entry.function, entry.queue, entry.every_seconds)

    def _write(self, entry: Entry) -> None:
        self.schedule(
            scheduled_time=datetime.now(UTC).replace(tzinfo=None),
            func=entry.function,
            interval=entry.every_seconds,
            id=entry.job_id,
            queue_name=entry.queue,
            result_ttl=entry.every_seconds * KEEP_RESULT_INTERVALS,
            timeout=entry.every_seconds * KEEP_RESULT_INTERVALS,
        )
        log_event(log, logging.DEBUG, "TIMETABLE_WRITTEN", job_id=entry.job_id, every=entry.every_seconds)

    def enqueue_job(self, job: Job) -> None:
        """Note the next time first, so that a kill in between loses a tick and not the entry; never a second copy."""
        next_time = datetime.now(UTC) + timedelta(seconds=job.meta["interval"])
        self.connection.zadd(self.scheduled_jobs_key, {job.id: next_time.timestamp()})
        queue = self.get_queue_for_job(job)
        if job.id not in queue.get_job_ids():
            queue.enqueue_job(job)
