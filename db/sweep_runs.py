"""When each sweep last ran, since when it has run without a gap, how far it has looked, and what it has put right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db import clock
from db.models import SweepRun
from db.tasks import seconds

SAID_BY = "sweep"
"""Who says so, in the events of what a sweep has changed."""

FOR_EVER = 10.0**9

INTERVALS: Mapping[str, float] = {
    "leases": 1 / 4,
    "due": 1,
    "unlisted": 1,
    "recordings": 1,
    "unread": 1 / 4,
    "deletions": 1,
    "leftovers": 10,
    "alerts": 1,
}
"""How long after its last run each one comes again, in SWEEP_SECONDS.

A killed worker's call waits for `leases`, which costs one look at an index. A million old calls are to be found within
hours by `unread`; with none left it costs two looks. Leftovers are in nobody's way.
"""

LATE_AFTER_INTERVALS = 5
"""Behind others that are slow, or after a restart, a sweep may miss a few."""


@dataclass(frozen=True)
class Standing:
    """Of one sweep: seconds since its last run, whether that is too long, and what it has done, ever."""

    name: str
    age: float
    is_late: bool
    requeued: int
    given_up: int
    repaired: int
    reason: str | None


def every(name: str, sweep_seconds: float) -> int:
    """Seconds between two runs; whole ones, as the timetable has them."""
    return max(1, round(INTERVALS[name] * sweep_seconds))


def latest(name: str, sweep_seconds: float) -> float:
    """Seconds since its last run after which a sweep is late."""
    return LATE_AFTER_INTERVALS * max(every(name, sweep_seconds), sweep_seconds)


def note(session: Session, name: str, *, gap: float = FOR_EVER, repaired: int = 0) -> float:
    """Note a run; for how many seconds sweep and PostgreSQL have served without a gap longer than `gap` seconds."""
    now = func.clock_timestamp()
    row = insert(SweepRun).values(name=name, repaired=repaired, repaired_at=now if repaired else None)
    missed = SweepRun.ran_at < now - seconds(gap)
    noted = row.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "ran_at": now,
            "since": case((missed, now), else_=SweepRun.since),
            "repaired": SweepRun.repaired + repaired,
            "repaired_at": func.coalesce(row.excluded.repaired_at, SweepRun.repaired_at),
            "reason": None,
        },
    )
    since = func.greatest(SweepRun.since, func.pg_postmaster_start_time())
    served: float | None = session.scalar(noted.returning(func.extract("epoch", now - since)))
    return float(served or 0)


def count(session: Session, name: str, *, requeued: int, given_up: int) -> None:
    """Add to what it has done, ever."""
    if requeued or given_up:
        done = {"requeued": SweepRun.requeued + requeued, "given_up": SweepRun.given_up + given_up}
        session.execute(update(SweepRun).where(SweepRun.name == name).values(**done))


def note_postponed(session: Session, name: str, reason: str) -> None:
    """It has left its work to the next run. One that has never run before counts as run, or it would never be late."""
    row = insert(SweepRun).values(name=name, reason=reason)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"reason": reason}))


def window(session: Session, name: str, *, oldest: timedelta, newest: timedelta) -> tuple[datetime, datetime]:
    """What has not been looked at yet: from the watermark, or `oldest` ago at first, until `newest` ago."""
    now = clock.now(session)
    watermark = session.scalar(select(SweepRun.watermark).where(SweepRun.name == name))
    return watermark or now - oldest, now - newest


def move_watermark(session: Session, name: str, until: datetime) -> None:
    """Everything before `until` has been looked at."""
    session.execute(update(SweepRun).where(SweepRun.name == name).values(watermark=until))


def standings(session: Session, sweep_seconds: float) -> Sequence[Standing]:
    """Every sweep of the timetable that ever ran, by name."""
    age = func.extract("epoch", func.clock_timestamp() - SweepRun.ran_at)
    wanted = select(SweepRun, age).where(SweepRun.name.in_(INTERVALS)).order_by(SweepRun.name)
    return [
        Standing(
            name=run.name,
            age=float(old),
            is_late=old > latest(run.name, sweep_seconds),
            requeued=run.requeued,
            given_up=run.given_up,
            repaired=run.repaired,
            reason=run.reason,
        )
        for run, old in session.execute(wanted)
    ]


def silence(session: Session) -> float | None:
    """Seconds since any sweep has run; None where none ever did."""
    found = session.scalar(select(func.extract("epoch", func.clock_timestamp() - func.max(SweepRun.ran_at))))
    return None if found is None else float(found)


def repaired_within(session: Session, within: float) -> bool:
    """Whether a sweep has put a call right in the last so many seconds."""
    recently = SweepRun.repaired_at > func.clock_timestamp() - seconds(within)
    return session.scalar(select(literal(1)).where(recently).limit(1)) is not None
