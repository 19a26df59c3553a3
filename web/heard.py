"""A transcript as a page shows it: each word where it was said, and the doubtful ones apart."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from web.present import WORTH_HEARING


class Word(NamedTuple):
    """A word, and what stands before it."""

    before: str
    text: str
    is_doubtful: bool


def turns_for_page(turns: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turns with `words`; `at` tells when each begins, in hundredths of a second since the turn does."""
    return [_with_words(turn) for turn in turns]


def version_of(turns: Sequence[Mapping[str, Any]]) -> str:
    """Another one as soon as anything reads differently: a page asks for a transcript only when it has changed."""
    said = "\n".join(f"{turn['start']} {turn['speaker']} {turn['text']}" for turn in turns)
    return f"{len(turns)}-{zlib.crc32(said.encode()):08x}"


def _with_words(turn: Mapping[str, Any]) -> dict[str, Any]:
    words = turn.get("words") or []
    return {
        **turn,
        "words": [_word(*word) for word in words],
        "at": " ".join(str(round(100 * (word[1] - turn["start"]))) for word in words),
        "is_unsure": turn.get("trust", 1) < WORTH_HEARING,
    }


def _word(text: str, start: float, end: float, trust: float = 1) -> Word:
    bare = text.strip()
    return Word(" " if text[:1].isspace() else "", bare, trust < WORTH_HEARING)
