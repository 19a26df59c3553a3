"""How the installation is: the facts that /metrics shows and alerts are about. None costs more than what is recent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Row, func, literal_column, select
from sqlalchemy.orm import Session

from db import clock, counts, durations
from db.durations import Durations
from db.endings import HAS_FAILED
from db.models import UNFINISHED, CallLog
from db.spans import Span, every_which
from db.stages import PREFIX
from db.tasks import seconds
from db.words import DownloadStatus, Outcome, RecordingStatus

HOUR = 3600.0
DAY = 24 * HOUR

GIVEN_UP_WITHIN = 2 * DAY
"""Of a call that rang so long ago: a recording is asked for until a day after the hang-up."""

MOST_LOOKED_AT = 1000
"""Calls of the last hour whose events are read: a percentile of so many is near enough for a graph."""

IS_THERE = CallLog.deleted_at.is_(None)
IS_UNFINISHED = literal_column(UNFINISHED, Boolean)
IS_DOUBLED = literal_column("(recording_count > 1)", Boolean)
"""In the words of their indexes."""


@dataclass(frozen=True)
class Recordings:
    """What has become of the recordings that could be here."""

    ready: int
    waiting: int
    failed: int

    @property
    def all(self) -> int:
        return self.ready + self.waiting + self.failed

    def share(self, number: int) -> float:
        """Of all of them, from 0 to 1."""
        return number / self.all


def recent(seconds_ago: float) -> ColumnElement[bool]:
    """Calls that came in since then. created_at is UTC without saying so; no index serves a clock that goes on."""
    return CallLog.created_at > func.timezone("utc", func.now() - seconds(seconds_ago))


def calls_by_end(session: Session, within: float = DAY) -> Sequence[Row[Any]]:
    """Rows of `ending`, `outcome` and more kinds, and of how many `calls` that came in lately they are true."""
    return counts.count(session, IS_THERE, [_span(session, within)])


def stage_durations(session: Session, within: float = HOUR) -> Durations:
    """Of the calls that came in lately: of every one, or where there are many, of every so many-th."""
    every = every_which(_count(session, recent(within)), MOST_LOOKED_AT)
    return durations.measure(session, IS_THERE, [_span(session, within)], every=every)[None]


def recordings(session: Session, *, within: float = DAY, young: float = 0) -> Recordings:
    """Of the calls that came in lately and ended at least `young` seconds ago: their recordings are on their way."""
    lasted = func.make_interval(0, 0, 0, 0, 0, 0, func.coalesce(CallLog.duration, 0))
    ended_long_ago = CallLog.created_at + lasted + seconds(young)
    is_ready = CallLog.recording_download_status == DownloadStatus.READY
    is_failed = (CallLog.recording_download_status == DownloadStatus.FAILED) & CallLog.recording_next_retry_at.is_(None)
    ready, failed, everything = session.execute(
        select(func.count().filter(is_ready), func.count().filter(is_failed), func.count()).where(
            IS_THERE,
            CallLog.parent_call_sid.is_(None),
            CallLog.recording_status == RecordingStatus.COMPLETED,
            recent(within),
            ended_long_ago < func.timezone("utc", func.now()),
        )
    ).one()
    return Recordings(ready=ready, waiting=everything - ready - failed, failed=failed)


def given_up(session: Session, within: float = GIVEN_UP_WITHIN) -> int:
    """Calls of which a stage was given up, and nobody has had it done again."""
    return _count(session, HAS_FAILED, CallLog.outcome == Outcome.GAVE_UP, recent(within))


def doubled(session: Session, within: float = DAY) -> int:
    """Calls that were recorded more than once."""
    return _count(session, IS_DOUBLED, recent(within))


def blamed_on(session: Session, sentence: str, within: float = GIVEN_UP_WITHIN) -> int:
    """Unfinished calls whose last attempt failed with this sentence."""
    errors = sorted({f"{prefix}: {sentence}" for prefix in PREFIX.values()})
    return _count(session, IS_UNFINISHED, CallLog.last_error.in_(errors), recent(within))


def _count(session: Session, *wanted: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(CallLog).where(IS_THERE, *wanted)) or 0


def _span(session: Session, within: float) -> Span:
    """Until a little after now: a call's time may come from a clock that is ahead."""
    now = clock.now(session)
    return Span(now - timedelta(seconds=within), now + timedelta(seconds=HOUR))
