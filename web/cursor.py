"""Where a page of a list ended, as text that clients hand back."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from werkzeug.exceptions import BadRequest

from db.models import CallLog

NOT_OURS = "cursor: not one that this list gave out"
GREATEST_ID = 2**63 - 1
"""What a BIGINT holds."""

NO_TIME = "-"
"""Calls of old installations whose time is not known stand at the end."""


@dataclass(frozen=True)
class Cursor:
    """The last call a client has seen."""

    at: datetime | None
    id: int

    @classmethod
    def of(cls, call: CallLog) -> Self:
        """The place of a call in the list."""
        return cls(call.created_at, call.id)

    @classmethod
    def read(cls, text: str) -> Self:
        """400 for anything we did not write."""
        try:
            at, _, number = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
            found = cls(None if at == NO_TIME else datetime.fromisoformat(at), int(number))
        except ValueError as error:
            raise BadRequest(NOT_OURS) from error
        if str(found) != text or (found.at and found.at.tzinfo is not UTC) or found.id > GREATEST_ID:
            raise BadRequest(NOT_OURS)
        return found

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat() if self.at else NO_TIME} {self.id}".encode()).decode()


def next_cursor(found: Sequence[CallLog], limit: int) -> str | None:
    """Where the page after a full one begins; None at the end."""
    return str(Cursor.of(found[-1])) if len(found) == limit else None
