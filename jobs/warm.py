"""An RQ worker that stays in one process, keeps its model warm, and can be stopped in the middle of a native call.

RQ's own Worker forks for every job, and a model that was loaded before a fork hangs the child; its SimpleWorker
neither sends heartbeats during a job nor ends before the job does.
"""

import logging
import os
import sys
import threading
from types import FrameType
from typing import Any

from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import worker_registration
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.utils import now
from rq.worker import SimpleWorker

from conf.logs import log_event
from db import claims, patience
from db.claims import LINES, Claim, ClaimLost
from db.engine import OUTAGES
from jobs.pipeline import Crew, Trade
from providers.errors import ProviderError

log = logging.getLogger(__name__)

HEARTBEAT_TTL_SECONDS = 60
HEARTBEAT_SECONDS = 20
"""RQ declares a job abandoned that has not sent one for a minute."""

LEAVE_SECONDS = 5
"""What handing back may take in all, with servers that do not answer."""

HAND_BACK_SECONDS = 2
"""PostgreSQL's share of it."""


class WarmWorker(SimpleWorker):
    """Heartbeats come from a thread beside the job, and the keeper's ends the process when its time is up."""

    crew: Crew
    gap: float = HEARTBEAT_SECONDS
    """Between two heartbeats during a job, in seconds."""

    _execution: tuple[Job, Execution] | None = None
    _gate = threading.Lock()

    def bootstrap(self, *arguments: Any, **options: Any) -> None:
        """Load what takes long, register, and hear signals from now on; without its model the process ends."""
        if isinstance(self.crew.trade, Trade):
            try:
                self.crew.trade.warm_up()
            except ProviderError as error:
                sys.exit(str(error))
        super().bootstrap(*arguments, **options)
        self.crew.keeper.listen()

    def register_birth(self) -> None:
        """A namesake is a dead predecessor: in a container every process has the same host and number."""
        self.connection.delete(self.key)
        super().register_birth()  # type: ignore[no-untyped-call]

    def execute_job(self, job: Job, queue: Queue) -> None:
        """With heartbeats until it is over, also while it waits for PostgreSQL: they say that the process lives, and
        whether its work hangs the keeper knows."""
        over = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(over,), name="heartbeats", daemon=True)
        thread.start()
        try:
            super().execute_job(job, queue)
        finally:
            over.set()
            thread.join()

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Short, since heartbeats come during the job; a killed worker is noticed after this."""
        return HEARTBEAT_TTL_SECONDS

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Also says again who we are and what we take: a Redis that was flushed has forgotten it."""
        redis = self.connection if pipeline is None else pipeline
        if self.birth_date is not None:
            redis.hset(self.key, mapping=self.serialize())
            worker_registration.register(self, pipeline)
        super().heartbeat(timeout, pipeline)

    def prepare_execution(self, job: Job) -> Execution:
        """Remember what runs, for the heartbeats."""
        execution = super().prepare_execution(job)
        self._execution = (job, execution)
        return execution

    def cleanup_execution(self, job: Job, pipeline: Pipeline, execution: Execution | None = None) -> None:
        """No heartbeat after this, or it would bring the execution back."""
        with self._gate:
            self._execution = None
        super().cleanup_execution(job, pipeline, execution)

    def _beat_until(self, over: threading.Event) -> None:
        while not over.wait(self.gap):
            self._beat()

    def _beat(self) -> None:
        """One heartbeat of worker, execution and job, over the connection that does not wait long for its answer."""
        with self._gate:
            if self._execution is None:
                return
            job, execution = self._execution
            try:
                with self.crew.queues.redis.pipeline() as pipe:
                    self.heartbeat(HEARTBEAT_TTL_SECONDS, pipeline=pipe)
                    execution.heartbeat(job.started_job_registry, HEARTBEAT_TTL_SECONDS, pipeline=pipe)
                    job.heartbeat(now(), HEARTBEAT_TTL_SECONDS, pipeline=pipe, xx=True)
                    pipe.execute()
            except RedisError as error:
                log_event(log, logging.WARNING, "HEARTBEAT_NOT_SENT", reason=type(error).__name__)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second signal changes nothing: the grace is running, and raising would break the job."""

    def leave(self, claim: Claim) -> None:
        """Give the call back and end the process, from the keeper's thread: the main one may sit in a native call."""
        end = threading.Timer(LEAVE_SECONDS, os._exit, [1])
        end.daemon = True
        end.start()
        try:
            try:
                self._hand_back(claim)
            except ClaimLost:
                self.crew.disown(claim)
        except (RedisError, *OUTAGES) as error:
            log_event(log, logging.WARNING, "NOT_HANDED_BACK", call_sid=claim.call_sid, reason=type(error).__name__)
        os._exit(0)

    def give_up(self, claim: Claim) -> None:
        """The work has lasted longer than it may: end the process, and leave the attempt to the sweep to count."""
        log_event(log, logging.ERROR, "WORKER_JOB_FAILED", call_sid=claim.call_sid, reason="timeout", type="Deadline")
        os._exit(1)

    def _hand_back(self, claim: Claim) -> None:
        with patience.within(HAND_BACK_SECONDS), self.crew.database.transaction() as session:
            call = claims.own(session, claim)
            claims.release(session, call, claim, delay=0, refund=True)
        if claim.stage in LINES:
            log_event(
                log,
                logging.INFO,
                "WORKER_RELEASE_SLOT",
                call_sid=claim.call_sid,
                business_id=claim.business_id,
                reason="shutdown",
            )
        with self._gate:
            running, self._execution = self._execution, None
        if running:
            self._drop(*running)
        self.crew.queues.admit(claim.stage, claim.business_id)
        self.register_death()

    def _drop(self, job: Job, execution: Execution) -> None:
        with self.connection.pipeline() as pipe:
            super().cleanup_execution(job, pipe, execution)
            pipe.execute()
        self.crew.queues.forget(job)
