"""What a transcription is made of: who said what, from when to when."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """A word as written, with the space before it; where it lies, in seconds; and its probability."""

    text: str
    start: float
    end: float
    trust: float = 1.0


@dataclass(frozen=True)
class Turn:
    """What one channel said without a long pause; times in seconds from the start of the recording.

    `trust` is how sure the model was of its words, from 0 to 1: their mean probability.
    `words` are those of the text, each with its own time and probability; `language` is the one they are in.
    """

    channel: int
    start: float
    end: float
    text: str
    trust: float = 1.0
    words: tuple[Word, ...] = ()
    language: str | None = None


@dataclass(frozen=True)
class Transcription:
    """A whole recording in words; `language` is None when nobody spoke and none was given.

    `channels` are those that could be told apart: one where the other is its copy.
    """

    language: str | None
    seconds: float
    channels: int
    model: str
    turns: tuple[Turn, ...]


def main_language(turns: Iterable[Turn]) -> str | None:
    """The language that was spoken for longest."""
    spoken: dict[str | None, float] = defaultdict(float)
    for turn in turns:
        spoken[turn.language] += turn.end - turn.start
    return max(spoken, key=spoken.__getitem__, default=None)


def in_order(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """By time."""
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.channel)))
