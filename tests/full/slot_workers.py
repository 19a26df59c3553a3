"""Workers, sweepers and doubled webhooks that fight over the same calls; any of them may be killed or frozen."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path

from redis import Redis
from sqlalchemy import func, select, text

from conf.settings import with_driver
from db import calls
from db.calls import CallFacts
from db.claims import Claim, Terms
from db.engine import Database, connect
from db.models import CallLog, Task
from db.words import Stage
from jobs import pipeline, sweeps
from jobs import redis as redis_connections
from jobs.keeper import Held, Keeper
from jobs.pace import Pace
from jobs.pipeline import Crew, Settle, Trade
from providers.errors import OurOutage, Unavailable
from tests.full.staged_worker import settle
from tests.support.crew import make_crew, make_maintenance, on_duty

STAGES = (Stage.DOWNLOAD, Stage.TRANSCRIPT, Stage.SUMMARY)
TERMS = Terms(slots=3, lease=1.5, attempts=20)
PACE = Pace(base=0.1, longest=0.5)
LONGEST_WORK_SECONDS = 0.3
UNAVAILABLE_SHARE = OUTAGE_SHARE = 0.03
FOREMOST = 8
"""Workers choose among so many of the open stages, so that several want the same one."""

SWEEP_EVERY_SECONDS = 0.2
NOTE_LATE = text("INSERT INTO late_settle (claim) VALUES (:claim)")


@dataclass(frozen=True)
class Ground:
    """Where they fight, and until when."""

    database_url: str
    redis_url: str
    folder: Path
    over: Event

    def connect(self, name: str) -> tuple[Database, Redis]:
        """By the process itself, after its start."""
        engine = connect(with_driver(self.database_url), statement_seconds=10, application=name)
        return Database(engine), redis_connections.connect(self.redis_url, timeout=10)


class Fighting(Trade):
    """Takes a moment, fails now and then, and settles well otherwise."""

    longest = 60.0

    def __init__(self, stage: Stage, database: Database) -> None:
        self.stage, self._database = stage, database

    def work(self, held: Held) -> Settle:
        time.sleep(random.uniform(0, LONGEST_WORK_SECONDS))
        luck = random.random()
        if luck < UNAVAILABLE_SHARE:
            raise Unavailable("busy", "The other side is busy.")
        if luck < UNAVAILABLE_SHARE + OUTAGE_SHARE:
            raise OurOutage("disk_full", "Our disk is full.")
        return partial(settle, self.stage)

    def disown(self, claim: Claim) -> None:
        with self._database.transaction() as session:
            session.execute(NOTE_LATE, {"claim": claim.number})


def fight(ground: Ground) -> None:
    """Take one open stage after another."""
    database, redis = ground.connect("rival")
    crews = {stage: _crew(database, redis, stage) for stage in STAGES}
    while not ground.over.is_set():
        chosen = _choose(database)
        if chosen is None:
            time.sleep(LONGEST_WORK_SECONDS)
            continue
        stage, call_sid = chosen
        with on_duty(crews[stage]):
            pipeline.work(call_sid)


def sweep(ground: Ground) -> None:
    """Sweep, much more often than in life."""
    database, redis = ground.connect("sweeper")
    crew = make_maintenance(database, redis, ground.folder, lease=TERMS.lease, attempts=TERMS.attempts)
    impatient = replace(crew, cooldown=1)
    while not ground.over.is_set():
        with on_duty(impatient):
            sweeps.leases()
            sweeps.due()
        time.sleep(SWEEP_EVERY_SECONDS)


def repeat_webhooks(ground: Ground) -> None:
    """Tell again what is known of calls that are being worked on, and let the next ones in, as a webhook does."""
    database, redis = ground.connect("webhooks")
    queues = make_crew(database, redis, Fighting(Stage.DOWNLOAD, database), TERMS).queues
    while not ground.over.is_set():
        chosen = _choose(database)
        if chosen:
            with database.transaction() as session:
                call = calls.tell(session, CallFacts(chosen[1], status="completed", duration=3), ask_after=1)
            queues.admit(chosen[0], call.business_id)
        time.sleep(LONGEST_WORK_SECONDS / 2)


Role = Callable[[Ground], None]


def _crew(database: Database, redis: Redis, stage: Stage) -> Crew:
    crew = make_crew(database, redis, Fighting(stage, database), TERMS)
    end = partial(_leave, database)
    keeper = Keeper(database, lease=TERMS.lease, grace=1, leave=end, give_up=end)
    return replace(crew, name=str(os.getpid()), keeper=keeper, pace=PACE)


def _leave(database: Database, claim: Claim) -> None:
    """As the real worker: one that has lost its claim ends, whatever it is doing."""
    with database.transaction() as session:
        session.execute(NOTE_LATE, {"claim": claim.number})
    os._exit(0)


def _choose(database: Database) -> tuple[Stage, str] | None:
    with database.transaction() as session:
        rows = session.execute(
            select(Task.stage, CallLog.call_sid)
            .join(CallLog, CallLog.id == Task.call_id)
            .where(Task.stage.in_(STAGES), Task.claim.is_(None), Task.due_at <= func.clock_timestamp())
            .order_by(Task.enqueued_at, Task.due_at)
            .limit(FOREMOST)
        ).all()
    if not rows:
        return None
    stage, call_sid = random.choice(rows)
    return Stage(stage), str(call_sid)
