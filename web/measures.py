"""How the dashboard's numbers are written for people: counts, shares, lengths of time, days."""

from datetime import date
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_decimal, format_percent, format_time, gettext

from web.formats import moment

MINUTE, HOUR, DAY = 60, 3600, 86400


def count(number: int) -> str:
    """12,345."""
    return str(format_decimal(number))


def share(part: float) -> str:
    """97 %, and 0.02 % where it is next to nothing."""
    return str(format_percent(part, "#,##0.##%" if 0 < part < 0.01 else "#,##0%"))


def lapse(seconds: float | None) -> str:
    """How long something took, as finely as anybody cares."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return gettext("%(number)s s", number=format_decimal(round(seconds, 1)))
    if seconds < MINUTE:
        return gettext("%(number)s s", number=round(seconds))
    if seconds < HOUR:
        return gettext("%(number)s min", number=f"{int(seconds // MINUTE)}:{int(seconds % MINUTE):02}")
    if seconds < 2 * DAY:
        return gettext("%(number)s h", number=f"{int(seconds // HOUR)}:{int(seconds % HOUR // MINUTE):02}")
    return gettext("%(number)s days", number=round(seconds / DAY))


def short_date(day: str) -> str:
    """3 Mar."""
    return str(format_date(date.fromisoformat(day), gettext("d MMM"), rebase=False))


def time_in(text: str, zone: str) -> str:
    """The time of day where the business is, which need not be where its reader is."""
    return str(format_time(moment(text).astimezone(ZoneInfo(zone)), "short", rebase=False))
