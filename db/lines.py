"""Who stands where in the lines that wait for a business's slots, and how long the lines are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Double, cast, func, select, tuple_
from sqlalchemy.orm import Session

from db.claims import LINES
from db.models import Task
from db.words import Stage


@dataclass(frozen=True)
class Place:
    """A call's place in a line: how many wait before it, and how many hold the line's slots."""

    ahead: int
    held: int


@dataclass(frozen=True)
class Length:
    """Of the open tasks of a stage: how many wait and for how many seconds the first one has, how many somebody works
    on, and how many are put off to a later time."""

    stage: Stage
    waiting: int = 0
    oldest_seconds: float | None = None
    at_work: int = 0
    put_off: int = 0


def lengths(session: Session, whose: ColumnElement[bool]) -> Sequence[Length]:
    """Of every stage, in their order, by the database's clock."""
    now = func.clock_timestamp()
    is_free = Task.claim.is_(None)
    waits, is_put_off = is_free & (Task.due_at <= now), is_free & (Task.due_at > now)
    rows = session.execute(
        select(
            Task.stage,
            func.count().filter(waits),
            cast(func.extract("epoch", now - func.min(Task.due_at).filter(waits)), Double),
            func.count(Task.claim),
            func.count().filter(is_put_off),
        )
        .where(whose)
        .group_by(Task.stage)
    )
    found = {row[0]: row for row in rows}
    return [Length(stage, *found[stage][1:]) if stage in found else Length(stage) for stage in Stage]


def places(session: Session, waiting: Sequence[Task]) -> Mapping[tuple[int, str], Place]:
    """The places of those tasks that wait for a slot, by call and stage: one look at each line, however long."""
    lines = {(task.business_id, task.stage) for task in waiting if task.stage in LINES}
    if not lines:
        return {}
    line, in_order = (Task.business_id, Task.stage), (Task.due_at, Task.call_id)
    is_held = Task.claim.is_not(None) | Task.enqueued_at.is_not(None)
    waits = func.count().filter(Task.claim.is_(None))
    looked_at = (
        select(
            Task.call_id,
            Task.stage,
            is_held.label("is_held"),
            waits.over(partition_by=line, order_by=in_order, rows=(None, -1)).label("ahead"),
            func.count().filter(is_held).over(partition_by=line).label("held"),
        )
        .where(tuple_(Task.business_id, Task.stage).in_(lines), is_held | (Task.due_at <= func.clock_timestamp()))
        .subquery()
    )
    wanted = select(looked_at).where(looked_at.c.call_id.in_([task.call_id for task in waiting]), ~looked_at.c.is_held)
    return {(row.call_id, row.stage): Place(row.ahead, row.held) for row in session.execute(wanted)}
