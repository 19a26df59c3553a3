"""Reading times: infinity, and years that Python has no date for, which old installations have, read as unknown."""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from psycopg2 import DataError, extensions

TIMESTAMP, TIMESTAMPTZ = 1114, 1184
"""PostgreSQL's numbers of the two types."""


def read_what_can_be_read() -> None:
    """Have every connection of this process read such times as None, where the whole row would be unreadable."""
    for number, read in ((TIMESTAMP, extensions.PYDATETIME), (TIMESTAMPTZ, extensions.PYDATETIMETZ)):
        extensions.register_type(extensions.new_type((number,), "MOMENT", _forgiving(read)))


def _forgiving(read: Callable[[Any, Any], datetime | None]) -> Callable[[Any, Any], datetime | None]:
    def moment(text: Any, cursor: Any) -> datetime | None:
        try:
            found = read(text, cursor)
        except (ValueError, OverflowError, DataError):
            return None
        # the first and the last year are how psycopg2 reads infinity, and no other time zone has them whole
        return found if found and MINYEAR < found.year < MAXYEAR else None

    return moment
