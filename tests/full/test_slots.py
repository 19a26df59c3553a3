"""Many workers, two sweepers, doubled webhooks, kills and freezes: never more than its slots at work for a business."""

import logging
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select, text

from db.engine import Database
from db.events import Event
from db.models import CallEvent, CallLog, Task
from db.words import Stage
from tests.full.crowd import FORKED, PRELOADED
from tests.full.slot_workers import TERMS, Ground, Role, fight, repeat_webhooks, sweep
from tests.support.calls import make_business, make_calls

log = logging.getLogger(__name__)

pytestmark = pytest.mark.slow

LOOK_EVERY_SECONDS = 0.2
FROZEN_SECONDS = 2 * TERMS.lease
LONGEST_SECONDS = 600
FIRST_OF_SECOND = 1_000_000
SETTLED = (Event.DOWNLOADED, Event.TRANSCRIBED, Event.SUMMARIZED)

SPY = """
CREATE TABLE late_settle (claim bigint);
CREATE TABLE held (claim bigint PRIMARY KEY, business_id int, stage text, began timestamptz, ended timestamptz);
CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.claim IS NOT NULL AND (TG_OP = 'DELETE' OR NEW.claim IS DISTINCT FROM OLD.claim) THEN
        UPDATE held SET ended = clock_timestamp() WHERE claim = OLD.claim;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.claim IS NOT NULL AND NEW.claim IS DISTINCT FROM OLD.claim THEN
        INSERT INTO held VALUES (NEW.claim, NEW.business_id, NEW.stage, clock_timestamp(), NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_claim AFTER UPDATE OR DELETE ON task FOR EACH ROW EXECUTE FUNCTION note_claim();
"""
NO_SPY = "DROP TRIGGER note_claim ON task; DROP FUNCTION note_claim(); DROP TABLE held; DROP TABLE late_settle"
MOST_AT_ONCE = """SELECT max(together) FROM (
    SELECT count(*) AS together FROM held AS one JOIN held AS other USING (business_id, stage)
    WHERE other.began <= one.began AND (other.ended IS NULL OR other.ended > one.began)
    GROUP BY one.claim) AS moments"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True)
class Size:
    workers: int
    calls: int
    kills: int
    freezes: int


@dataclass
class Fight:
    """The processes of a fight, and what was done to them."""

    ground: Ground
    fighters: dict[BaseProcess, Role] = field(default_factory=dict)
    frozen: dict[BaseProcess, float] = field(default_factory=dict)
    killed: int = 0
    froze: int = 0

    def enlist(self, role: Role, number: int = 1) -> None:
        for _ in range(number):
            process = FORKED.Process(target=role, args=(self.ground,), daemon=True)
            process.start()
            self.fighters[process] = role

    def replace_the_dead(self) -> None:
        for process in [process for process in self.fighters if process.exitcode is not None]:
            assert process.exitcode in (0, -signal.SIGKILL), f"a fighter failed with {process.exitcode}"
            self.enlist(self.fighters.pop(process))
            self.frozen.pop(process, None)

    def strike(self, size: Size, at_work: set[str]) -> None:
        """Kill any of the workers, and freeze one that holds a claim for longer than its lease."""
        workers = [one for one, role in self.fighters.items() if role is fight and one not in self.frozen]
        holding = [one for one in workers if str(one.pid) in at_work]
        if self.killed < size.kills:
            self._send(random.choice(workers), signal.SIGKILL)
            self.killed += 1
        if self.froze < size.freezes and holding:
            victim = random.choice(holding)
            self._send(victim, signal.SIGSTOP)
            self.frozen[victim] = time.monotonic()
            self.froze += 1

    def thaw(self, *, after: float) -> None:
        for process, since in list(self.frozen.items()):
            if time.monotonic() - since >= after:
                self._send(process, signal.SIGCONT)
                del self.frozen[process]

    def end(self) -> None:
        self.thaw(after=0)
        self.ground.over.set()
        for process in self.fighters:
            process.join(30)
            assert process.exitcode == 0

    def _send(self, process: BaseProcess, number: signal.Signals) -> None:
        if process.pid and process.exitcode is None:
            os.kill(process.pid, number)


@pytest.fixture
def watched(database: Database) -> Iterator[Database]:
    """Every claim's beginning and end is noted by the database itself."""
    run(database, SPY)
    yield database
    run(database, NO_SPY)


def run(database: Database, statements: str) -> None:
    with database.transaction() as session:
        session.execute(text(statements))


@contextmanager
def fighting(ground: Ground, workers: int) -> Iterator[Fight]:
    FORKED.set_forkserver_preload(PRELOADED)
    fought = Fight(ground)
    fought.enlist(fight, workers)
    fought.enlist(sweep, 2)
    fought.enlist(repeat_webhooks)
    try:
        yield fought
    finally:
        fought.thaw(after=0)
        ground.over.set()


def open_stages(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Task)) or 0


def at_work(database: Database) -> set[str]:
    with database.transaction() as session:
        return set(session.scalars(select(Task.worker).where(Task.claim.is_not(None))))


def number(database: Database, statement: str) -> int:
    with database.transaction() as session:
        return session.scalar(text(statement)) or 0


def settled_counts(database: Database) -> set[tuple[str, int]]:
    """How often each stage was settled, over all calls: one entry a stage when each was settled once."""
    per_call = (
        select(CallEvent.call_id, CallEvent.event, func.count().label("times"))
        .where(CallEvent.event.in_(SETTLED))
        .group_by(CallEvent.call_id, CallEvent.event)
        .subquery()
    )
    with database.transaction() as session:
        return {(event, times) for event, times in session.execute(select(per_call.c.event, per_call.c.times))}


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(Size(workers=6, calls=24, kills=4, freezes=5), id="6 workers, 24 calls"),
        pytest.param(
            Size(workers=20, calls=300, kills=25, freezes=20),
            id="20 workers, 300 calls",
            marks=[pytest.mark.slow, pytest.mark.timeout(1200)],
        ),
    ],
)
def test_workers_that_are_killed_and_frozen_never_exceed_the_slots_and_settle_every_stage_once(
    size: Size, watched: Database, database_url: str, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    for first in (0, FIRST_OF_SECOND):
        business = make_business(watched)
        make_calls(watched, Stage.DOWNLOAD, range(first, first + size.calls // 2), business)
    run(watched, "UPDATE call_log SET recording_status = 'completed', call_status = 'completed'")
    deadlocks = number(watched, DEADLOCKS)
    ground = Ground(database_url, redis_url, tmp_path, FORKED.Event())
    began = time.monotonic()

    with fighting(ground, size.workers) as fought:
        while open_stages(watched):
            assert time.monotonic() - began < LONGEST_SECONDS
            time.sleep(LOOK_EVERY_SECONDS)
            fought.strike(size, at_work(watched))
            fought.thaw(after=FROZEN_SECONDS)
            fought.replace_the_dead()
        fought.end()

    claims = number(watched, "SELECT count(*) FROM held")
    late = number(watched, "SELECT count(*) FROM late_settle")
    log.info(
        "%s claims, %s killed, %s frozen, %s late, %.0f s",
        claims,
        fought.killed,
        fought.froze,
        late,
        time.monotonic() - began,
    )
    assert number(watched, MOST_AT_ONCE) == TERMS.slots
    assert number(watched, DEADLOCKS) == deadlocks
    assert settled_counts(watched) == {(str(event), 1) for event in SETTLED}
    assert (fought.killed, fought.froze) == (size.kills, size.freezes)
    assert late > 0
    with watched.transaction() as session:
        done = select(func.count()).where(CallLog.summary_status == "completed")
        assert session.scalar(done) == size.calls
