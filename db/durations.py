"""How long the stages took, from what the calls' events say: percentiles in seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Double, Row, Subquery, cast, func, select, true, tuple_
from sqlalchemy.orm import Session

from db.events import Event
from db.models import CallEvent, CallLog
from db.spans import Span, as_table, holds

PERCENTILES = [0.5, 0.95]
"""The middle one of all, and the one that only a twentieth are worse than."""

HUNG_UP = (CallEvent.event == Event.CALL_STATUS) & (CallEvent.detail["status"].astext == "completed")


@dataclass(frozen=True)
class Spread:
    """Seconds: the two percentiles, and of how many calls; None where there was none."""

    p50: float | None = None
    p95: float | None = None
    calls: int = 0


@dataclass(frozen=True)
class Durations:
    """Of the calls of a stretch: each way from one moment to another, and what recordings miss of the beginning."""

    end_to_file: Spread = Spread()
    file_to_text: Spread = Spread()
    text_to_summary: Spread = Spread()
    end_to_text: Spread = Spread()
    head: Spread = Spread()
    head_share: float | None = None
    """Of all seconds that were talked."""


SPREADS = ("end_to_file", "file_to_text", "text_to_summary", "end_to_text", "head")


def measure(
    session: Session, whose: ColumnElement[bool], spans: Sequence[Span], *, every: int = 1
) -> Mapping[int | None, Durations]:
    """By the number of the span; of all together under None. Looks at every so many-th call only."""
    steps = _steps(_moments(whose, spans, every))
    found = [column for name in SPREADS for column in _percentiles(steps.c[name])]
    share = func.sum(steps.c.head) / func.nullif(func.sum(steps.c.talked), 0)
    rows = session.execute(select(steps.c.span, share, *found).group_by(func.grouping_sets(steps.c.span, tuple_())))
    return {row[0]: _read(row) for row in rows}


def _moments(whose: ColumnElement[bool], spans: Sequence[Span], every: int) -> Subquery:
    """When each call got where. Lateral, span by span and call by call, since the planner would rather read the
    events of all the calls there are."""
    span = as_table(spans)
    is_wanted = holds(span, whose) & (CallLog.id % every == 0)
    call = select(CallLog.id, CallLog.duration).where(is_wanted).offset(0).lateral()  # offset: as it stands here
    second = cast(CallEvent.detail["second"].astext, Double)
    told = (
        select(
            # of its end and of its recording's the phone company tells in any order
            func.least(_first(HUNG_UP), _first(CallEvent.event == Event.RECORDING_COMPLETED)).label("end"),
            _first(CallEvent.event == Event.DOWNLOADED).label("file"),
            _first(CallEvent.event == Event.TRANSCRIBED).label("text"),
            _first(CallEvent.event == Event.SUMMARIZED).label("summary"),
            func.min(second).filter(CallEvent.event == Event.RECORDING_STARTED).label("head"),
        )
        .where(CallEvent.call_id == call.c.id)
        .lateral()
    )
    wanted = select(span.c.number.label("span"), call.c.duration, *told.c).select_from(span)
    return wanted.join(call, true()).join(told, true()).subquery()


def _first(which: ColumnElement[bool]) -> ColumnElement[Any]:
    """A stage that was done again counts from when it was first done."""
    return func.min(CallEvent.at).filter(which)


def _steps(moments: Subquery) -> Subquery:
    at = moments.c
    return select(
        at.span,
        at.head,
        func.coalesce(at.duration, 0).label("talked"),
        _seconds(at.end, at.file).label("end_to_file"),
        _seconds(at.file, at.text).label("file_to_text"),
        _seconds(at.text, at.summary).label("text_to_summary"),
        _seconds(at.end, at.text).label("end_to_text"),
    ).subquery()


def _seconds(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.extract("epoch", end - start), Double)


def _percentiles(seconds: ColumnElement[float]) -> tuple[ColumnElement[Any], ColumnElement[int]]:
    wanted = cast(PERCENTILES, ARRAY(Double))
    return func.percentile_cont(wanted).within_group(seconds), func.count(seconds)


def _read(row: Row[Any]) -> Durations:
    share, *found = list(row)[1:]
    spreads = {
        name: Spread(percentiles[0], percentiles[1], calls) if percentiles else Spread()
        for name, percentiles, calls in zip(SPREADS, found[::2], found[1::2], strict=True)
    }
    return Durations(**spreads, head_share=share)
