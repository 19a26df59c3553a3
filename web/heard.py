"""A transcript as a page shows it: each word where it was said, and the doubtful ones apart."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from web.present import WORTH_HEARING

Turn = Mapping[str, Any]


def turns_for_page(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """Turns with `words`, an element each; `at` tells when each begins, in hundredths of a second since the turn."""
    return [_with_words(turn) for turn in turns]


def version_of(turns: Sequence[Turn]) -> str:
    """Another one as soon as anything reads differently: a page asks for a transcript only when it has changed."""
    said = "\n".join(f"{turn['start']} {turn['speaker']} {turn['text']}" for turn in turns)
    return f"{len(turns)}-{zlib.crc32(said.encode()):08x}"


def _with_words(turn: Turn) -> dict[str, Any]:
    words = turn.get("words") or []
    return {
        "speaker": turn["speaker"],
        "start": turn["start"],
        "end": turn["end"],
        "text": turn["text"],
        "words": Markup("".join(_element(*word) for word in words).lstrip()),  # noqa: S704  # _element escapes
        "at": " ".join(str(round(100 * (word[1] - turn["start"]))) for word in words),
        "is_unsure": turn.get("trust", 1) < WORTH_HEARING,
    }


def _element(text: str, start: float, end: float, trust: float = 1) -> str:
    """Not from a template: with 20,000 of them that is most of what a page costs."""
    space = " " if text[:1].isspace() else ""
    name = "u" if trust < WORTH_HEARING else "span"
    return f"{space}<{name}>{escape(text.strip())}</{name}>"
