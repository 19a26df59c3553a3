"""Calls told one by one: what _entry.html shows of each, on the page of a lead and on the dashboard."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Business, CallLog
from web import leads
from web.auth import reader
from web.pages.shown import shown


def entries(session: Session, found: Sequence[CallLog]) -> dict[str, Any]:
    """The calls with their legs, how many of them are busy, and for operators whose each is."""
    who = reader()
    calls = leads.with_legs(session, who, found, shown(session, found))
    names = _business_names(session, calls) if who.is_operator else {}
    ids = [call["id"] for call in calls]
    return {"calls": calls, "ids": ids, "busy": sum(call["busy"] for call in calls), "names": names}


def _business_names(session: Session, calls: Sequence[dict[str, Any]]) -> dict[int, str]:
    wanted = {call["business_id"] for call in calls if call["business_id"]}
    rows = session.execute(select(Business.id, Business.name).where(Business.id.in_(wanted)))
    return {row.id: row.name for row in rows}
