"""Date filters of the REST API: `DateCreated`, `DateCreated<`, `DateCreated>` and their like."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from simulator.errors import BAD_REQUEST, ApiError


def within(args: Mapping[str, str], name: str, moment: datetime | None) -> bool:
    """Whether `moment` fits every filter on `name`; a filter without a time means the whole day, in UTC."""
    on, before, after = args.get(name), args.get(f"{name}<"), args.get(f"{name}>")
    if moment is None:
        return not (on or before or after)
    return (
        (not on or _span(on)[0] <= moment < _span(on)[1])
        and (not before or moment < _span(before)[1])
        and (not after or moment >= _span(after)[0])
    )


def _span(text: str) -> tuple[datetime, datetime]:
    """The day or the second that a filter names."""
    try:
        if len(text) == len("2025-01-01"):
            start = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return start, start + timedelta(days=1)
        start = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise ApiError(BAD_REQUEST, 400, f"{text} is not a date") from error
    return start, start + timedelta(seconds=1)
