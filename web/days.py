"""The days a dashboard looks at, as the business lives them, and as many days before to compare them with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

from db.spans import Span


@dataclass(frozen=True)
class Days:
    """Today and the days before it. A day has 23 or 25 hours where clocks are changed."""

    zone: ZoneInfo
    now: datetime
    dates: Sequence[date]

    @classmethod
    def until(cls, now: datetime, count: int, zone: str) -> Self:
        """The last `count` days, today among them."""
        known = ZoneInfo(zone)
        today = now.astimezone(known).date()
        return cls(known, now, [today - timedelta(days=ago) for ago in reversed(range(count))])

    @property
    def spans(self) -> list[Span]:
        """Each day."""
        starts = [self._midnight(day) for day in self.dates]
        return [Span(start, until) for start, until in pairwise([*starts, self.now])]

    @property
    def before(self) -> Span:
        """As many days before them, up to this hour: half a day is compared with half a day."""
        length = timedelta(days=len(self.dates))
        local = self.now.astimezone(self.zone)
        then = (local.replace(tzinfo=None, fold=0) - length).replace(tzinfo=self.zone)
        return Span(self._midnight(self.dates[0] - length), then.astimezone(UTC))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)
