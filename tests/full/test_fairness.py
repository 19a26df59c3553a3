"""A business with thousands of waiting calls does not hold up another's one, and waiting costs nothing.

No sweep runs here: whoever settles a call lets the next one in.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, select, text

from db.engine import Database
from db.events import Event
from db.models import CallEvent, CallLog, Task
from db.words import Stage
from jobs.queues import Queues
from tests.full.processes import staged_workers
from tests.support.calls import make_business, make_calls, sid
from tests.support.system import eventually

SLOTS = 3
CURTAIN = "curtain"
AT_ONCE_SECONDS = 2
"""Much less than the sweep's minute, and enough for a machine that is busy."""

FIRST_OF_B = 1_000_000
PILE = """WITH made AS (
    INSERT INTO call_log (call_sid, business_id, transcript_status)
    SELECT 'CA' || lpad(to_hex(n), 32, '0'), :business, 'completed' FROM generate_series(1, :number) n RETURNING id)
INSERT INTO task (call_id, stage, business_id) SELECT id, 'summary', :business FROM made"""


@dataclass(frozen=True)
class Office:
    """The summaries' line: who waits, who is at it, who is done."""

    database: Database
    redis: Redis

    @property
    def queues(self) -> Queues:
        return Queues(self.redis, self.database, slots=SLOTS)

    def pile_up(self, business_id: int, number: int) -> None:
        with self.database.transaction() as session:
            session.execute(text(PILE), {"business": business_id, "number": number})

    def done(self, business_id: int) -> int:
        with self.database.transaction() as session:
            summed_up = select(func.count()).select_from(CallEvent).join(CallLog, CallLog.id == CallEvent.call_id)
            return (
                session.scalar(summed_up.where(CallEvent.event == Event.SUMMARIZED, CallLog.business_id == business_id))
                or 0
            )

    def claimed(self) -> int:
        return self._tasks(Task.claim.is_not(None))

    def waiting(self, attempts: int) -> int:
        """Calls that nobody works on, and that have been tried so often."""
        return self._tasks(Task.claim.is_(None) & (Task.attempts == attempts))

    def _tasks(self, condition: object) -> int:
        with self.database.transaction() as session:
            return session.scalar(select(func.count()).select_from(Task).where(condition)) or 0  # type: ignore[arg-type]

    def let_one_finish(self) -> None:
        """One of the workers settles its call."""
        before = self.all_done()
        self.redis.rpush(CURTAIN, "up")
        eventually(lambda: self.all_done() == before + 1)

    def all_done(self) -> int:
        with self.database.transaction() as session:
            return session.scalar(select(func.count()).where(CallEvent.event == Event.SUMMARIZED)) or 0


@pytest.fixture
def office(database: Database, redis: Redis) -> Office:
    return Office(database, redis)


@pytest.mark.parametrize(
    "waiting",
    [
        pytest.param(300, id="300 waiting calls"),
        pytest.param(10_000, id="10,000 waiting calls", marks=pytest.mark.slow),
    ],
)
def test_a_business_with_many_waiting_calls_does_not_hold_up_anothers_one(
    waiting: int, office: Office, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    busy, quiet = make_business(office.database, "busy"), make_business(office.database, "quiet")
    office.pile_up(busy, waiting)
    with staged_workers(1, "summaries", tmp_path, database_url, redis_url, CURTAIN):
        assert office.queues.admit(Stage.SUMMARY, busy) == SLOTS
        for _ in range(5):
            office.let_one_finish()
        assert len(office.queues.queue("summaries").get_job_ids()) <= SLOTS
        before = office.done(busy)

        make_calls(office.database, Stage.SUMMARY, [FIRST_OF_B], quiet)
        office.queues.admit(Stage.SUMMARY, quiet)
        while not office.done(quiet):
            office.let_one_finish()

        assert office.done(busy) - before <= SLOTS + 1
        assert office.waiting(attempts=0) >= waiting - before - SLOTS - 2
        assert office.waiting(attempts=1) == 0
        office.redis.rpush(CURTAIN, *["up"] * SLOTS)


def test_a_call_that_waits_for_a_slot_pays_nothing_and_starts_as_soon_as_one_is_free(
    office: Office, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    business = make_business(office.database)
    make_calls(office.database, Stage.SUMMARY, range(1, 7), business)
    with staged_workers(SLOTS + 1, "summaries", tmp_path, database_url, redis_url, CURTAIN):
        office.queues.admit(Stage.SUMMARY, business)
        eventually(lambda: office.claimed() == SLOTS)
        office.queues.enqueue_once(Stage.SUMMARY, sid(5))  # the idle worker takes it, and finds no slot
        eventually(lambda: office.queues.queue("summaries").get_job_ids() == [])
        assert (office.claimed(), office.waiting(attempts=0)) == (SLOTS, 3)

        for done in (1, 2, 3):
            office.let_one_finish()
            eventually(lambda: office.claimed() == SLOTS, AT_ONCE_SECONDS)
            assert office.waiting(attempts=0) == 3 - done
        for _ in range(SLOTS):
            office.let_one_finish()
    assert office.done(business) == 6
    assert office.waiting(attempts=0) == office.claimed() == 0
