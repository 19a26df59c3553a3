"""The shapes of the dashboard's numbers."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from db.words import Stage
from web.api.models import Language

MOST_DAYS = 90
USUAL_DAYS = 7
GREATEST_BUSINESS_ID = 2**31 - 1


class Whose(Language):
    """Of whose calls."""

    business_id: int | None = Field(
        None, ge=1, le=GREATEST_BUSINESS_ID, description="for operators, who otherwise see all businesses together"
    )


class StatsQuery(Whose):
    """Of which days, and of whose calls."""

    days: int = Field(USUAL_DAYS, ge=1, le=MOST_DAYS, description="today and the days before, in the time zone")


class Spread(BaseModel):
    """Seconds, of so many calls; null where there was none."""

    p50: float | None
    p95: float | None
    calls: int


class Head(Spread):
    """Seconds that recordings lack of their call's beginning."""

    share: float | None = Field(description="of all seconds that were talked")


class Durations(BaseModel):
    """From one moment of a call to another."""

    hangup_to_file: Spread
    file_to_text: Spread
    text_to_summary: Spread
    hangup_to_text: Spread


class Figures(BaseModel):
    """Calls; the legs of a forwarded call are part of it. `total` is what the other three add up to."""

    total: int
    kept: int = Field(description="the recording and both texts are here, or there was nothing to keep")
    waiting: int
    failed: int = Field(description="for good")


class Day(BaseModel):
    """One day's calls by how they ended; they add up to all of that day."""

    date: date
    done: int
    empty: int = Field(description="no recording, too short, silent, or nobody spoke")
    missed: int
    waiting: int
    failed: int
    hangup_to_text: Spread


class QueueLength(BaseModel):
    """The open tasks of a stage, now."""

    stage: Stage
    waiting: int
    oldest_seconds: float | None = Field(description="how long the first of them has waited")
    at_work: int
    put_off: int = Field(description="due at a later time")


class Stats(BaseModel):
    """The dashboard."""

    business_id: int | None = Field(description="null for all businesses together")
    time_zone: str
    updated_at: datetime
    days: int
    calls: Figures
    before: Figures = Field(description="of as many days before, up to the same time of day")
    per_day: list[Day]
    statuses: dict[str, dict[str, int]] = Field(description="by stage, calls per status; also `call` and `outcome`")
    durations: Durations
    head: Head
    looked_at_every: int = Field(description="durations are those of every so many-th call; 1 where they are of all")
    costs: dict[str, int] = Field(description="calls per cost bucket: LOW, MED, HIGH")
    queues: list[QueueLength]
    jobs: dict[str, int] | None = Field(description="jobs in each queue; for operators, and null without Redis")
