"""What a reader looks for among the calls: words and numbers, days, and how it went, as conditions on the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from db import lexemes, search
from db.endings import HAS_FAILED
from db.models import CallLog
from db.tasks import seconds
from db.words import UNANSWERED_CALL_STATUSES
from web.auth import Reader

LONGEST_QUERY = 200
"""Characters; what somebody pastes in by mistake is longer."""

WEEK_SECONDS = 7 * 24 * 3600.0

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 1, 1)
"""Days outside have no place in every time zone, and no calls."""

Kind = Literal["inbound", "outbound", "missed", "failed"]


@dataclass(frozen=True)
class Search:
    """A search, for the list and for showing where it was found."""

    terms: Sequence[lexemes.Term] = ()
    asked: str | None = None
    """None: all calls. Empty: none, for what holds neither a letter nor a digit."""


ALL = Search()


def search_for(session: Session, reader: Reader, query: str | None) -> Search:
    """What somebody typed; nothing, or only blanks, looks for all."""
    if not query or not query.strip():
        return ALL
    terms = lexemes.terms(query)
    business_id = None if reader.is_operator else reader.business_id
    return Search(terms, search.question(session, business_id, terms) if terms else "")


def last_week() -> ColumnElement[bool]:
    """The last seven times 24 hours, by the database's clock."""
    return CallLog.created_at > func.timezone("utc", func.now()) - seconds(WEEK_SECONDS)


def between(first: date, last: date, zone: str) -> ColumnElement[bool]:
    """From the beginning of one day to the end of another, by the business's clock; 400 the wrong way round."""
    if first > last:
        raise BadRequest("start: is after end")
    return and_(CallLog.created_at >= _begins(first, zone), CallLog.created_at < _ends(last, zone))


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(max(day, FIRST_DAY), time.min, ZoneInfo(zone)).astimezone(UTC)


def _ends(day: date, zone: str) -> datetime:
    return _begins(min(day, LAST_DAY) + timedelta(days=1), zone)


def of_kind(kind: Kind) -> ColumnElement[bool]:
    """Calls that came in, went out, were missed, or need a person."""
    came_in = CallLog.direction.is_distinct_from("outbound")
    if kind == "missed":
        return and_(came_in, CallLog.call_status.in_(UNANSWERED_CALL_STATUSES))
    if kind == "failed":
        return HAS_FAILED
    return came_in if kind == "inbound" else CallLog.direction == "outbound"
