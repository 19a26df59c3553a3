"""What a summary server can do wrong, and what that means for the call: later, always, since none of it is the call's.

A wrong key or model is the operator's to put right, and must not be the end of the calls that came in meanwhile.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from providers.errors import Unavailable

LONGEST_WAIT = 3600.0  # seconds; a server that says "next week" is asked again in an hour
PASSING = {408, 409, 425, 429}  # of the 4xx, those that are nobody's mistake


def translate(error: openai.OpenAIError) -> Unavailable:
    if isinstance(error, openai.APITimeoutError):
        return too_slow()
    if isinstance(error, openai.APIStatusError):
        return _by_status(error)
    return unreachable()


def _by_status(error: openai.APIStatusError) -> Unavailable:
    status = error.status_code
    if status in {401, 403}:
        return Unavailable("credentials", f"The summary server refused our key (status {status}).")
    if status in PASSING or status >= 500:
        wait = _retry_after(error.response.headers.get("retry-after"))
        return Unavailable("summary_server", f"The summary server is busy or broken (status {status}).", wait)
    message = f"The summary server did not accept the request (status {status}): check SUMMARY_MODEL, OPENAI_BASE_URL."
    return Unavailable("configuration", message)


def _retry_after(header: str | None) -> float | None:
    """Seconds, from either form of the header; None where it says nothing usable."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header)
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None


def _seconds_until(date: str) -> float:
    try:
        then = parsedate_to_datetime(date)
    except ValueError:
        return 0.0
    return (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def too_slow() -> Unavailable:
    return Unavailable("summary_server", "The summary server did not answer in time.")


def unreachable() -> Unavailable:
    return Unavailable("summary_server", "The summary server could not be reached.")


def bad_answer(message: str) -> Unavailable:
    return Unavailable("bad_answer", message)
