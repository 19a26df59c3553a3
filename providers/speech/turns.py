"""What a transcription is made of: who said what, from when to when."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """What one channel said without a long pause; times in seconds from the start of the recording.

    `trust` is how sure the model was of its words, from 0 to 1: their mean probability.
    """

    channel: int
    start: float
    end: float
    text: str
    trust: float = 1.0


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


def in_order(turns: list[Turn]) -> tuple[Turn, ...]:
    return tuple(sorted(turns, key=lambda turn: (turn.start, turn.channel)))
