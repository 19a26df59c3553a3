"""When each sweep last ran, since when it has run without a gap, how far it has looked, and what it has repaired."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db import clock
from db.models import SweepRun
from db.tasks import seconds

SAID_BY = "sweep"
"""Who says so, in the events of what a sweep has changed."""

FOR_EVER = 10.0**9


def note(session: Session, name: str, *, gap: float = FOR_EVER, repaired: int = 0) -> float:
    """Note a run; for how many seconds sweep and PostgreSQL have served without a gap longer than `gap` seconds."""
    now = func.clock_timestamp()
    row = insert(SweepRun).values(name=name, repaired=repaired)
    missed = SweepRun.ran_at < now - seconds(gap)
    noted = row.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "ran_at": now,
            "since": case((missed, now), else_=SweepRun.since),
            "repaired": SweepRun.repaired + repaired,
        },
    )
    since = func.greatest(SweepRun.since, func.pg_postmaster_start_time())
    served: float | None = session.scalar(noted.returning(func.extract("epoch", now - since)))
    return float(served or 0)


def window(session: Session, name: str, *, oldest: timedelta, newest: timedelta) -> tuple[datetime, datetime]:
    """What has not been looked at yet: from the watermark, or `oldest` ago at first, until `newest` ago."""
    now = clock.now(session)
    watermark = session.scalar(select(SweepRun.watermark).where(SweepRun.name == name))
    return watermark or now - oldest, now - newest


def move_watermark(session: Session, name: str, until: datetime) -> None:
    """Everything before `until` has been looked at."""
    session.execute(update(SweepRun).where(SweepRun.name == name).values(watermark=until))


def all_runs(session: Session) -> Sequence[SweepRun]:
    """Every sweep that ever ran, by name."""
    return session.scalars(select(SweepRun).order_by(SweepRun.name)).all()
