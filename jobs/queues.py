"""The only way onto a queue. A job carries a call's identifier and nothing else; PostgreSQL says what is to be done."""

import logging
from datetime import UTC, datetime, timedelta

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError, WatchError
from redis.exceptions import TimeoutError as RedisTimeout
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.queue import Queue
from rq.registry import CanceledJobRegistry, FailedJobRegistry, FinishedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from conf.logs import log_event
from db import claims
from db.breaker import Breaker
from db.engine import Database
from db.words import Stage

log = logging.getLogger(__name__)

STAGE_OF_QUEUE = {
    "calls": Stage.RECORDING,
    "recordings": Stage.DOWNLOAD,
    "transcripts": Stage.TRANSCRIPT,
    "summaries": Stage.SUMMARY,
}
MAINTENANCE = "maintenance"
QUEUES = (*STAGE_OF_QUEUE, MAINTENANCE)
"""One queue a worker process: RQ hands a job over crash-safely only so."""

QUEUE_OF_STAGE = {stage: queue for queue, stage in STAGE_OF_QUEUE.items()}
JOB_TYPE = {
    Stage.RECORDING: "start",
    Stage.DOWNLOAD: "download",
    Stage.TRANSCRIPT: "transcript",
    Stage.SUMMARY: "summary",
}

TIMEOUT_SECONDS = 6 * 3600
"""Longer than any call takes; leases and deadlines end a stage's work long before."""

KEEP_FINISHED_SECONDS = 60
"""Never 0: a flush of Redis in mid-job would then raise in the worker."""

KEEP_FAILED_SECONDS = 24 * 3600

CLAIM_WITHIN = timedelta(seconds=2)
"""A worker claims its call as soon as its job has started."""

START_WITHIN = timedelta(seconds=60)
"""A worker starts a job as soon as it has popped it; RQ too gives up on those it has popped a minute ago."""

NO_WORKER = "rq:worker:"
"""Redis does not answer how many of no keys there are."""

LIVE = {"queued", "started", "scheduled", "deferred", "created", "ready_to_enqueue", "rate_limited"}
"""Statuses in which a job with the same id would be a second one."""


class RedisDown(RedisError):
    """Redis has just kept somebody waiting in vain: it is not asked again for a moment."""


class Queues:
    """Puts jobs onto queues, each at most once."""

    def __init__(self, redis: Redis, database: Database, *, slots: int) -> None:
        self.redis = redis
        self._database = database
        self._slots = slots
        self._breaker = Breaker(lambda error: isinstance(error, RedisTimeout), RedisDown)

    def queue(self, name: str) -> Queue:
        """RQ's queue, speaking JSON."""
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    def admit(self, stage: Stage, business_id: int | None) -> int:
        """Enqueue the next calls of a business's line, up to its free slots; how many.

        A Redis that does not answer costs nothing but time: the sweep enqueues what is missing.
        """
        with self._database.transaction() as session:
            admitted = claims.admit(session, stage, business_id or 0, self._slots)
        try:
            with self._breaker.guard():
                return sum(self.enqueue_once(stage, call_sid) for call_sid in admitted)
        except RedisError as error:
            log_event(log, logging.WARNING, "ENQUEUE_FAILED", stage=stage, reason=type(error).__name__)
            return 0

    def enqueue_once(self, stage: Stage, call_sid: str) -> bool:
        """Enqueue the stage's job of a call, unless one is queued or running; True when this call did it."""
        queue = self.queue(QUEUE_OF_STAGE[stage])
        job_id = f"{JOB_TYPE[stage]}-{call_sid}"
        while True:
            try:
                queue.enqueue_call(
                    "jobs.pipeline.work",
                    args=(call_sid,),
                    job_id=job_id,
                    unique=True,
                    timeout=TIMEOUT_SECONDS,
                    result_ttl=KEEP_FINISHED_SECONDS,
                    failure_ttl=KEEP_FAILED_SECONDS,
                )
                return True
            except DuplicateJobError:
                if not self._clear_the_way(job_id, stage, call_sid):
                    return False

    def lengths(self) -> dict[str, int] | None:
        """How many jobs stand in each queue; None when Redis does not answer."""
        try:
            with self._breaker.guard(), self.redis.pipeline(transaction=False) as pipe:
                for name in QUEUES:
                    pipe.llen(self.queue(name).key)
                return dict(zip(QUEUES, pipe.execute(), strict=True))
        except RedisError:
            return None

    def workers(self) -> dict[str, int] | None:
        """How many workers take jobs from each queue, alive by their heartbeats; None when Redis does not answer."""
        try:
            with self._breaker.guard(), self.redis.pipeline(transaction=False) as pipe:
                for name in QUEUES:
                    pipe.smembers(WORKERS_BY_QUEUE_KEY % name)
                registered = dict(zip(QUEUES, pipe.execute(), strict=True))
                for keys in registered.values():  # those go when heartbeats stay away
                    pipe.exists(NO_WORKER, *keys)
                return dict(zip(QUEUES, pipe.execute(), strict=True))
        except RedisError:
            return None

    def forget(self, job: Job) -> None:
        """Remove every trace of a job that will not run to its end here."""
        with self.redis.pipeline() as pipe:
            self._remove(job, pipe)
            pipe.execute()

    def _clear_the_way(self, job_id: str, stage: Stage, call_sid: str) -> bool:
        """Remove an ended job of that id; False when it is live. Watches it, so that two who clear do not both run."""
        with self.redis.pipeline() as pipe:
            try:
                pipe.watch(Job.key_for(job_id))
                job = self._find(job_id)
                if job and job.get_status(refresh=False) in LIVE and not self._is_dead(job, stage, call_sid):
                    return False
                pipe.multi()
                if job:
                    self._remove(job, pipe)
                pipe.delete(Job.key_for(job_id))  # also a torso that nothing can run
                pipe.execute()
            except WatchError:
                pass  # somebody else is clearing it
            return True

    def _find(self, job_id: str) -> Job | None:
        try:
            return Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)
        except NoSuchJobError:
            return None

    def _is_dead(self, job: Job, stage: Stage, call_sid: str) -> bool:
        """A job that says it is queued or running, and is not."""
        if job.get_status(refresh=False) == JobStatus.QUEUED:
            return self._is_in_no_list(job)
        return job.get_status(refresh=False) == JobStatus.STARTED and self._has_no_worker(job, stage, call_sid)

    def _is_in_no_list(self, job: Job) -> bool:
        """Something took it off its queue and did not start it. Looked for in the order in which it would move."""
        queue = self.queue(job.origin)
        if job.id in queue.get_job_ids():
            return False
        return job.id not in queue.intermediate_queue.get_job_ids() or _age(job.enqueued_at) > START_WITHIN

    def _has_no_worker(self, job: Job, stage: Stage, call_sid: str) -> bool:
        """A killed worker leaves its job `started` for ever; it is at work only if PostgreSQL knows of its claim."""
        if _age(job.started_at) < CLAIM_WITHIN:
            return False
        with self._database.transaction() as session:
            return not claims.is_claimed(session, stage, call_sid)

    def _remove(self, job: Job, pipe: Pipeline) -> None:
        for registry in (FinishedJobRegistry, FailedJobRegistry, CanceledJobRegistry):
            registry(job.origin, connection=self.redis, serializer=JSONSerializer).remove(job, pipeline=pipe)
        executions = job.execution_registry  # by name: those of a killed worker have no hash any more
        started = [f"{job.id}:{name}" for name in executions.get_execution_ids()]
        if started:
            pipe.zrem(job.started_job_registry.key, *started)
        pipe.lrem(self.queue(job.origin).intermediate_queue_key, 1, job.id)
        pipe.delete(job.key, executions.key, Result.get_key(job.id))


def _age(moment: datetime | None) -> timedelta:
    return datetime.now(UTC) - moment if moment else timedelta(0)
