"""Which calls are likely to have cost more than their minutes, week by week, and why: the numbers of the costs page."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import clock, dear
from db.costs import Sign
from db.dear import Seen
from db.models import CallLog
from db.spans import every_which
from web import loader
from web.auth import reader
from web.loader import Scope
from web.stats import MOST_LOOKED_AT, counting
from web.weeks import Week, weeks_until

WEEKS = 8


def costs_of(business_id: int | None, language: str) -> dict[str, Any]:
    """What the reader may know, at this moment; 404 for another's business."""
    with counting() as session:
        return _numbers(session, loader.scope_of(session, reader(), business_id), language)


def _numbers(session: Session, scope: Scope, language: str) -> dict[str, Any]:
    weeks = weeks_until(clock.now(session), WEEKS, scope.time_zone, language)
    spans = [week.span for week in weeks]
    counts = dear.count(session, scope.calls, spans)
    every = every_which(sum(one.medium + one.high for one in counts), MOST_LOOKED_AT)
    signs = dear.signs_by_span(session, scope.calls, spans, every=every)
    return {
        "weeks": [
            _row(week) | {"calls": one.calls, "MED": one.medium, "HIGH": one.high} | _calls(seen, every)
            for week, one, seen in reversed(list(zip(weeks, counts, signs, strict=True)))
        ],
        "signs": _together(session, scope, signs, every),
        "looked_at_every": every,
    }


def _row(week: Week) -> dict[str, Any]:
    return {"first": week.first.isoformat(), "last": week.last.isoformat()}


def _calls(seen: Mapping[Sign, Seen], every: int) -> dict[str, int]:
    return {sign: seen[sign].calls * every if sign in seen else 0 for sign in Sign}


def _together(session: Session, scope: Scope, weeks: Sequence[Mapping[Sign, Seen]], every: int) -> list[dict[str, Any]]:
    """Each sign that there was: in how many calls, and which was the last; the commonest first."""
    found = []
    for sign in Sign:
        seen = [week[sign] for week in weeks if sign in week]
        if seen:
            last = session.scalar(select(CallLog.call_sid).where(scope.calls, CallLog.id == seen[-1].last_id))
            found.append({"sign": sign, "calls": sum(one.calls for one in seen) * every, "last": last})
    return sorted(found, key=lambda one: -one["calls"])
