"""Calls at a given point of their life."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import tasks
from db.claims import Terms
from db.engine import Database
from db.models import Business, CallLog, Task
from db.words import Stage

TERMS = Terms(slots=3, lease=60, attempts=5)


def sid(number: int) -> str:
    """A CallSid."""
    return f"CA{number:032x}"


def make_calls(database: Database, stage: Stage, numbers: Sequence[int], business_id: int | None = None) -> None:
    """Calls with an open stage, in line in this order."""
    with database.transaction() as session:
        for number in numbers:
            call = CallLog(call_sid=sid(number), business_id=business_id)
            session.add(call)
            session.flush()
            tasks.open_task(session, call, stage)


def make_business(database: Database, name: str = "A business") -> int:
    with database.transaction() as session:
        business = Business(name=name)
        session.add(business)
        session.flush()
        return business.id


def get_call(session: Session, number: int) -> CallLog:
    return session.scalars(select(CallLog).where(CallLog.call_sid == sid(number))).one()


def get_task(session: Session, number: int, stage: Stage) -> Task | None:
    return tasks.find(session, get_call(session, number), stage)
