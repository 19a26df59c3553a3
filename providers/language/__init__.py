"""What a call was about, in a few sentences; `providers.language.summarizers` makes whoever writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Speaker = Literal["customer", "business", "unknown"]


@dataclass(frozen=True)
class Line:
    """What one speaker said before the other went on."""

    speaker: Speaker
    text: str


@dataclass(frozen=True)
class Summary:
    """`text` is 1 to 2,000 characters, clean enough for a database and a page; `model` names its writer."""

    text: str
    model: str


class Summarizer(Protocol):
    def summarize(self, lines: Sequence[Line], *, language: str | None, business: str | None) -> Summary:
        """Sum up a conversation, in order of speech.

        `language` is its code ("en", "he") where known, `business` the name of the business that was called.
        Raises Unavailable, or Rejected when there are no words to sum up.
        """
        ...


__all__ = ["Line", "Speaker", "Summarizer", "Summary"]
