"""The weeks a business looks back on, as its reader's language begins them; the last one is not over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from db.spans import Span
from web.days import Days

Either = TypeVar("Either", date, Span)

DAYS = 7
MONDAY, SUNDAY = 0, 6
FIRST_DAY = {"he": SUNDAY}
"""By language; elsewhere weeks begin on Monday."""


@dataclass(frozen=True)
class Week:
    """From one day to another, both in it."""

    first: date
    last: date
    span: Span


def weeks_until(now: datetime, count: int, zone: str, language: str) -> Sequence[Week]:
    """The last `count` weeks, this one among them, oldest first."""
    today = Days.until(now, 1, zone).dates[0]
    begun = (today.weekday() - FIRST_DAY.get(language, MONDAY)) % DAYS + 1
    days = Days.until(now, DAYS * (count - 1) + begun, zone)
    return [
        Week(dates[0], dates[-1], Span(spans[0].start, spans[-1].until))
        for dates, spans in zip(_by_seven(days.dates), _by_seven(days.spans), strict=True)
    ]


def _by_seven(every: Sequence[Either]) -> list[Sequence[Either]]:
    return [every[first : first + DAYS] for first in range(0, len(every), DAYS)]
