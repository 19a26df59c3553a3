"""A real worker process of one queue whose trade is played: `python -m tests.full.staged_worker QUEUE [CURTAIN]`.

It takes jobs, claims and settles as any worker does. With the name of a CURTAIN, a list in Redis, it waits before it
settles each call until something is pushed there.
"""

import sys
from dataclasses import replace
from functools import partial

from redis import Redis
from sqlalchemy.orm import Session

from conf import logs, settings
from db import stages
from db.models import CallLog
from db.words import Stage
from jobs import redis as redis_connections
from jobs.keeper import Held
from jobs.pipeline import ON_DUTY, Settle, Trade
from jobs.queues import STAGE_OF_QUEUE
from jobs.worker import make_worker

LONGEST_WAIT_SECONDS = 120
SAID_BY = "stage"
TURN = {"channel": 0, "speaker": "customer", "start": 0.0, "end": 1.0, "text": "Hello."}


class Staged(Trade):
    """Settles every call well, with made-up results."""

    longest = 2 * LONGEST_WAIT_SECONDS

    def __init__(self, stage: Stage, redis: Redis, curtain: str | None) -> None:
        self.stage, self._redis, self._curtain = stage, redis, curtain

    def work(self, held: Held) -> Settle:
        if self._curtain and self._redis.blpop([self._curtain], timeout=LONGEST_WAIT_SECONDS) is None:
            raise TimeoutError("nobody opened the curtain")
        return partial(settle, self.stage)


def settle(stage: Stage, session: Session, call: CallLog) -> None:
    """What the stage's real trade would write."""
    if stage is Stage.DOWNLOAD:
        row = stages.own_recording(session, call)
        if row:
            row.file = f"{call.call_sid}/{row.recording_sid}-1.wav"
        stages.settle_download(session, call, bytes_len=1, seconds=1.0, said_by=SAID_BY)
    elif stage is Stage.TRANSCRIPT:
        stages.settle_transcript(session, call, [TURN], language="en", model="none", said_by=SAID_BY)
    else:
        stages.settle_summary(session, call, "Somebody said hello.", model="none", said_by=SAID_BY)


def main(queue: str, curtain: str | None) -> None:
    config = settings.load()
    logs.configure(config.log_level)
    url = settings.require_redis_url(config)
    waiting = redis_connections.connect(url, timeout=LONGEST_WAIT_SECONDS + redis_connections.PATIENT_SECONDS)
    worker = make_worker(config, queue)
    worker.crew = replace(worker.crew, trade=Staged(STAGE_OF_QUEUE[queue], waiting, curtain))
    ON_DUTY.set(worker.crew)
    worker.work()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
