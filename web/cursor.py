"""Where a page of a list ended, as text that clients hand back."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from werkzeug.exceptions import BadRequest

from db.models import CallLog


@dataclass(frozen=True)
class Cursor:
    """The last call a client has seen."""

    at: datetime
    id: int

    @classmethod
    def of(cls, call: CallLog) -> Self | None:
        """The place of a call in the list; None for one without a time, which old installations may have."""
        return cls(call.created_at, call.id) if call.created_at else None

    @classmethod
    def read(cls, text: str) -> Self:
        """400 for anything we did not write."""
        try:
            at, _, number = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
            return cls(datetime.fromisoformat(at), int(number))
        except (ValueError, binascii.Error) as error:
            raise BadRequest("cursor: not one that this list gave out") from error

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()} {self.id}".encode()).decode()
