"""A worker's insides without its process: a trade, a keeper, and the job called by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from sqlalchemy import func, update

from db.claims import Claim, Terms
from db.engine import Database
from db.models import CallLog, Task
from db.tasks import seconds
from db.words import Stage
from jobs import pipeline
from jobs.conditions import Limits
from jobs.keeper import Held, Keeper
from jobs.pace import Pace
from jobs.pipeline import ON_DUTY, Crew, Later, Settle, Trade
from jobs.queues import Queues
from jobs.upkeep import Upkeep
from providers.alerts import open_alerts
from providers.storage import LocalStorage
from providers.telephony import Telephony
from tests.support.calls import TERMS

PACE = Pace(base=10, longest=60)


class Acting(Trade):
    """Does what the test says."""

    longest = 60

    def __init__(self, stage: Stage, act: Callable[[Held], Settle]) -> None:
        self.stage = stage
        self.work = act  # type: ignore[method-assign]

    def work(self, held: Held) -> Settle:
        """Replaced above."""
        raise NotImplementedError


MADE: list[Crew] = []


def close_crews() -> None:
    """After a test."""
    while MADE:
        MADE.pop().keeper.close()


def make_crew(database: Database, redis: Redis, trade: Trade | Upkeep, terms: Terms = TERMS) -> Crew:
    def leave(claim: Claim) -> None:
        raise AssertionError("nobody asked to stop")

    crew = Crew(
        name="a worker",
        trade=trade,
        database=database,
        queues=Queues(redis, database, slots=terms.slots),
        keeper=Keeper(database, lease=terms.lease, grace=1, leave=leave, give_up=leave),
        terms=terms,
        pace=PACE,
        cooldown=60,
    )
    MADE.append(crew)
    return crew


def make_maintenance(
    database: Database,
    redis: Redis,
    folder: Path,
    *,
    telephony: Telephony | None = None,
    lease: float = 1,
    attempts: int = 5,
    stuck: float = 600,
    limits: Limits | None = None,
    alert_urls: str | None = None,
) -> Crew:
    """A worker that takes no calls; its lease is one that PostgreSQL has served since it was started."""
    upkeep = Upkeep(
        telephony,
        LocalStorage(folder),
        adopt_days=7,
        stuck=stuck,
        sweep=60,
        limits=limits or Limits(),
        alerts=open_alerts(alert_urls),
    )
    return make_crew(database, redis, upkeep, Terms(TERMS.slots, lease, attempts))


@contextmanager
def on_duty(crew: Crew) -> Iterator[Crew]:
    token = ON_DUTY.set(crew)
    yield crew
    ON_DUTY.reset(token)


def work(crew: Crew, call_sid: str) -> None:
    with on_duty(crew):
        pipeline.work(call_sid)


def settled(session: object, call: CallLog) -> Later | None:
    """A trade's result that writes nothing."""


def make_due(database: Database) -> None:
    """As if the time until the next attempt had passed."""
    with database.transaction() as session:
        session.execute(update(Task).values(due_at=func.clock_timestamp()))


def end_leases(database: Database) -> None:
    """As if every worker had been killed a lease ago."""
    with database.transaction() as session:
        session.execute(
            update(Task).where(Task.claim.is_not(None)).values(lease_until=func.clock_timestamp() - seconds(1))
        )
