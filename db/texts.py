"""Whether a text says anything: old installations have blanks of every kind where there is nothing."""

import re

SOMETHING = r"[^\s\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
"""A character that one can see, in a regular expression of PostgreSQL and of Python alike."""

_SOMETHING = re.compile(SOMETHING)


def says(text: str | None) -> bool:
    """False for NULL, for blanks, and for marks that only give a direction."""
    return bool(text and _SOMETHING.search(text))
