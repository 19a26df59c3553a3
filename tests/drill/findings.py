"""What a check found."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the table: `broken` names what does not hold; None means that it is asked elsewhere."""

    invariant: str
    what: str
    count: int = 0
    broken: Sequence[str] | None = ()

    @property
    def word(self) -> str:
        if self.broken is None:
            return "not asked here"
        return "BROKEN" if self.broken else "ok"
