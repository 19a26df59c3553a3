"""What a summary's text may look like, whoever wrote it, and the check that there was anything to sum up."""

import re
import unicodedata
from collections.abc import Sequence

from providers.errors import Rejected
from providers.language import Line

LONGEST = 2000  # characters: a page's worth; 2-5 sentences need a quarter of it
SENTENCE_END = re.compile(r"[.!?…](?=\s)")
SPACES = re.compile(r"[ \t]+")


def clean(text: str) -> str:
    """Without what a database or a page cannot hold: control characters, half surrogate pairs."""
    visible = "".join(letter if _is_printable(letter) else " " for letter in text)
    lines = (SPACES.sub(" ", line).strip() for line in visible.splitlines())
    return "\n".join(line for line in lines if line)


def _is_printable(letter: str) -> bool:
    return letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cs"}


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut after the last whole sentence that fits, or in a sentence that is too long itself."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    ends = [match.end() for match in SENTENCE_END.finditer(head)]
    if ends and ends[-1] > longest // 2:
        return head[: ends[-1]]
    return head.rsplit(" ", 1)[0].rstrip() + "…"


def with_words(lines: Sequence[Line]) -> list[Line]:
    """The lines that say something; raises Rejected when none does."""
    spoken = [Line(line.speaker, clean(line.text)) for line in lines]
    spoken = [line for line in spoken if any(letter.isalnum() for letter in line.text)]
    if not spoken:
        raise Rejected("no_speech", "Nobody spoke, so there is nothing to sum up.", outcome="no_speech")
    return spoken
