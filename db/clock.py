"""The database's clock: the only one that due times, leases and cooldowns are compared with."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def now(session: Session) -> datetime:
    """The moment, not the transaction's beginning."""
    return session.scalars(select(func.clock_timestamp())).one()
