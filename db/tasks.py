"""Open stages: one row of `task` each, made when the stage opens and deleted when it is final."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db.models import CallLog, Task
from db.words import Stage

NO_BUSINESS = 0
"""Calls that belong to no business share one line."""


def seconds(number: float) -> ColumnElement[object]:
    """An interval, for arithmetic on the database's own clock."""
    return func.make_interval(0, 0, 0, 0, 0, 0, number)


def open_task(session: Session, call: CallLog, stage: Stage, *, due_in: float = 0) -> None:
    """Put the call in line for a stage, or leave it there, but no later than `due_in` seconds from now.

    Nothing opens a stage of a call that was deleted.
    """
    if call.deleted_at is not None:
        return
    due = func.clock_timestamp() + seconds(due_in)
    row = insert(Task).values(call_id=call.id, stage=stage, business_id=call.business_id or NO_BUSINESS, due_at=due)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["call_id", "stage"], set_={"due_at": func.least(Task.due_at, row.excluded.due_at)}
        )
    )


def close_task(session: Session, call: CallLog, stage: Stage) -> None:
    """The stage is final, whoever works on it: a late worker finds no row."""
    session.execute(delete(Task).where(Task.call_id == call.id, Task.stage == stage))


def change_line(session: Session, call: CallLog) -> None:
    """The call has found its business: it waits in that one's lines. What is at work keeps its slot to the end."""
    session.execute(
        update(Task).where(Task.call_id == call.id, Task.claim.is_(None)).values(business_id=call.business_id)
    )


def find(session: Session, call: CallLog, stage: Stage) -> Task | None:
    """The call's open stage, if it is open."""
    return session.get(Task, (call.id, stage), populate_existing=True)


def open_stages(session: Session, call: CallLog) -> dict[str, Task]:
    """All open stages of a call, by name."""
    return {task.stage: task for task in session.scalars(select(Task).where(Task.call_id == call.id))}
