"""The numbers of the dashboard, as the API and the page show them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC
from typing import Any

from sqlalchemy import Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db import clock, counts, durations, lines, patience
from db.durations import Durations, Spread
from db.spans import every_which
from db.words import KEPT, Ending
from web import loader
from web.auth import reader
from web.days import Days
from web.house import house
from web.loader import Scope

MOST_LOOKED_AT = 10_000
"""Calls whose events are read: more take too long, and a percentile of so many is as good as one of all."""

STATUSES = {
    "call": "call_status",
    "recording": "recording_status",
    "download": "recording_download_status",
    "transcript": "transcript_status",
    "summary": "summary_status",
    "outcome": "outcome",
}
COSTS = ("LOW", "MED", "HIGH")

LONGEST_COUNT = 1.1
"""Seconds of one statement: both fit into a request's patience, whose end would count as an outage for everybody."""


class TooMany(Exception):
    """There are more calls than can be counted in time."""


@contextmanager
def counting() -> Iterator[Session]:
    """A transaction in which no statement counts for too long. Raises TooMany."""
    try:
        with house().database.transaction() as session:
            patience.limit_statements(session, LONGEST_COUNT)
            yield session
    except OperationalError as error:
        raise TooMany if patience.is_too_much(error) else error from error


def stats_of(days: int, business_id: int | None) -> dict[str, Any]:
    """What the reader may know, at this moment; 404 for another's business."""
    who = reader()
    with counting() as session:
        found = _numbers(session, loader.scope_of(session, who, business_id), days)
    return found | {"jobs": house().queues.lengths() if who.is_operator else None}


def _numbers(session: Session, scope: Scope, days: int) -> dict[str, Any]:
    window = Days.until(clock.now(session), days, scope.time_zone)
    groups = counts.count(session, scope.calls, [*window.spans, window.before])
    within = [group for group in groups if group.number < days]
    every = every_which(sum(group.calls for group in within), MOST_LOOKED_AT)
    took = durations.measure(session, scope.calls, window.spans, every=every)
    together = took[None]
    return {
        "business_id": scope.business.id if scope.business else None,
        "time_zone": scope.time_zone,
        "updated_at": window.now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "days": days,
        "calls": _figures(within),
        "before": _figures(group for group in groups if group.number == days),
        "per_day": _per_day(window, within, took),
        "statuses": {stage: _tally(within, column) for stage, column in STATUSES.items()},
        "durations": _durations(together),
        "head": _spread(together.head) | {"share": together.head_share},
        "looked_at_every": every,
        "costs": {bucket: _tally(within, "estimated_cost_bucket").get(bucket, 0) for bucket in COSTS},
        "queues": [asdict(length) for length in lines.lengths(session, scope.tasks)],
    }


def _figures(groups: Iterable[Row[Any]]) -> dict[str, int]:
    endings = _tally(groups, "ending")
    return {
        "total": sum(endings.values()),
        "kept": sum(endings.get(ending, 0) for ending in KEPT),
        "waiting": endings.get(Ending.WAITING, 0),
        "failed": endings.get(Ending.FAILED, 0),
    }


def _tally(groups: Iterable[Row[Any]], column: str) -> dict[str, int]:
    """How many calls have each word in a column; calls without one are in none."""
    found: Counter[str] = Counter()
    for group in groups:
        word = group._mapping[column]
        if word is not None:
            found[word] += group.calls
    return dict(sorted(found.items()))


def _per_day(window: Days, groups: Sequence[Row[Any]], took: Mapping[int | None, Durations]) -> list[dict[str, Any]]:
    shown = []
    for number, date in enumerate(window.dates):
        endings = _tally((group for group in groups if group.number == number), "ending")
        text = took.get(number, Durations()).end_to_text
        shown.append(
            {"date": date.isoformat()}
            | {ending.value: endings.get(ending, 0) for ending in Ending}
            | {"hangup_to_text": _spread(text)}
        )
    return shown


def _durations(took: Durations) -> dict[str, Any]:
    return {
        "hangup_to_file": _spread(took.end_to_file),
        "file_to_text": _spread(took.file_to_text),
        "text_to_summary": _spread(took.text_to_summary),
        "hangup_to_text": _spread(took.end_to_text),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    """Tenths of a second are as fine as anybody notes events."""
    rounded = {name: None if value is None else round(value, 1) for name, value in asdict(spread).items()}
    return rounded | {"calls": spread.calls}
