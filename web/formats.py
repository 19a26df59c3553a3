"""How times, lengths and numbers are written for people, in their language and their business's time zone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import phonenumbers
from flask_babel import format_date, format_datetime, format_time, gettext, to_user_timezone

from web.phones import is_number

SECONDS_AN_HOUR = 3600

FIRST_STRONG, LEFT_TO_RIGHT, END = "\u2068", "\u2066", "\u2069"
"""Isolate what stands between them, as bdi does in HTML."""


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text)


def time_of_day(text: str | None) -> str:
    """14:02."""
    return str(format_time(moment(text), "short")) if text else ""


def time_to_the_second(text: str | None) -> str:
    """14:02:11, for what follows each other closely."""
    return str(format_time(moment(text), "medium")) if text else ""


def date_and_time(text: str | None) -> str:
    """The whole moment."""
    return str(format_datetime(moment(text), "medium")) if text else gettext("Unknown time")


def day_and_time(text: str | None) -> str:
    """Nov 28, 2026, 14:02: fine enough for a call among others."""
    if not text:
        return gettext("Unknown time")
    return f"{format_date(moment(text), 'medium')}, {time_of_day(text)}"


def day(text: str | None, now: datetime) -> str:
    """The day a call belongs to: today, yesterday, or its date."""
    if not text:
        return gettext("Unknown day")
    then, today = to_user_timezone(moment(text)).date(), to_user_timezone(now).date()
    if then == today:
        return gettext("Today")
    if then == today - timedelta(days=1):
        return gettext("Yesterday")
    return str(format_date(then, "full"))


def day_key(at: str | datetime | None) -> str:
    """The same day for programs."""
    if at is None:
        return "unknown"
    return to_user_timezone(moment(at) if isinstance(at, str) else at).date().isoformat()


def duration(seconds: float | None) -> str:
    """3:41 or 1:02:03; nothing where it is not known."""
    if seconds is None or seconds < 0:
        return ""
    hours, rest = divmod(int(seconds), SECONDS_AN_HOUR)
    minutes, last = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{last:02}" if hours else f"{minutes}:{last:02}"


def phone(number: str | None) -> str:
    """The number in groups, as one reads it aloud; anything that is no number stays as it is."""
    if not number:
        return gettext("Unknown number")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def other_party(call: Mapping[str, Any]) -> str:
    """Who is at the other end, in plain text; the number keeps its direction beside a name in any script."""
    number = other_number(call)
    return f"{FIRST_STRONG}{call['name']}{END} · {LEFT_TO_RIGHT}{number}{END}" if call["name"] else number


def other_number(call: Mapping[str, Any]) -> str:
    """The number at the other end."""
    return phone(_theirs(call))


def lead_number(call: Mapping[str, Any]) -> str | None:
    """Under which number all calls with the same person are found; None for callers without one."""
    number = _theirs(call)
    return number if is_number(number) else None


def _theirs(call: Mapping[str, Any]) -> str | None:
    return call["to"] if call["direction"] == "outbound" else call["from"]


def our_number(call: Mapping[str, Any]) -> str:
    """Which number of ours was used."""
    return phone(call["from"] if call["direction"] == "outbound" else call["to"])


def gist(summary: str) -> str:
    """The line of a summary that tells most: its first one, or the one after a heading."""
    lines = [line for line in summary.splitlines() if line.strip()]
    return next((line for line in lines if not line.rstrip().endswith(":")), summary)
