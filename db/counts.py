"""How many calls of each kind came in: one look at a stretch of time gives every count there is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, true
from sqlalchemy.orm import Session

from db.endings import ENDING
from db.models import CallLog
from db.spans import Span, as_table, holds

KINDS = (
    ENDING.label("ending"),
    CallLog.call_status,
    CallLog.recording_status,
    CallLog.recording_download_status,
    CallLog.transcript_status,
    CallLog.summary_status,
    CallLog.outcome,
    CallLog.estimated_cost_bucket,
)


def count(session: Session, whose: ColumnElement[bool], spans: Sequence[Span]) -> Sequence[Row[Any]]:
    """Rows of the span's `number`, KINDS by their names, and how many `calls` they are the same for."""
    span = as_table(spans)
    within = select(*KINDS, func.count().label("calls")).where(holds(span, whose))
    counted = within.group_by(*(kind.name for kind in KINDS)).lateral()
    return session.execute(select(span.c.number, *counted.c).select_from(span).join(counted, true())).all()
