"""The marks that processes leave in Redis while they are well: RQ's heartbeats, by host and process id."""

import socket
from os import getpid

from redis import Redis
from rq.worker import SimpleWorker
from rq_scheduler import Scheduler

MARK = "last_heartbeat"
"""The field of it, in RQ's own hash of a worker and in ours of a scheduler."""

SCHEDULER = "scheduler"
LONGEST_GAP_SECONDS = 45
"""Between two marks of a process that has nothing to do."""

GAPS_A_FREEZE = 4
"""Marks that must be missing before a process is taken for frozen: some are late on a busy machine."""

KEYS = {SCHEDULER: Scheduler.redis_scheduler_namespace_prefix}


def name_of(kind: str, pid: int | None = None) -> str:
    """What a process of this host is called in Redis, and as the holder of a claim; our own without a pid."""
    return f"{kind}-{socket.gethostname()}-{pid or getpid()}"


def gap_of(frozen: float) -> float:
    """How long a process may leave no mark, where one that has left none for `frozen` seconds counts as frozen."""
    return min(LONGEST_GAP_SECONDS, frozen / GAPS_A_FREEZE)


def read(redis: Redis, kind: str, pid: int) -> str | None:
    """The newest mark of a process of this host; None when there is none (any more). Raises RedisError."""
    prefix = KEYS.get(kind, SimpleWorker.redis_worker_namespace_prefix)
    mark = redis.hget(f"{prefix}{name_of(kind, pid)}", MARK)
    return mark.decode() if isinstance(mark, bytes) else None
