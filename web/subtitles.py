"""A transcript as files that people and players read: text, SRT and WebVTT."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, NamedTuple

from flask_babel import gettext

from db.words import Speaker
from web.formats import duration

LINE = 42
"""Characters: what players show without shrinking, and people read at a glance."""

LONGEST_CUE = 2 * LINE - 10
"""Two lines, and in them room for the speaker's name."""

LONGEST_SECONDS = 7.0
PAUSE = 1.5
"""Seconds after which what is said next has a cue of its own."""

SHORTEST_SECONDS = 0.5
"""A cue that ends when it begins is refused by some players, and read by nobody."""

SENTENCE_END = re.compile(r"[.!?…]['\"”»)]*$")
RIGHT_TO_LEFT = {"R", "AL"}
RLM, RLE, PDF = "\u200f", "\u202b", "\u202c"

Turn = Mapping[str, Any]


class Word(NamedTuple):
    """A word, with the space before it if there is one, and where it lies; in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """What is read at once."""

    speaker: str
    start: float
    end: float
    text: str
    is_first: bool
    """Of its turn."""


def speaker_name(speaker: str) -> str:
    """Who speaks, in the reader's language."""
    return {Speaker.CUSTOMER: gettext("Customer"), Speaker.BUSINESS: gettext("Business")}.get(
        Speaker(speaker), gettext("Speaker")
    )


def has_times(turns: Iterable[Turn]) -> bool:
    """Whether one can say when each turn was spoken; of old installations nobody can."""
    return all(turn["start"] is not None and turn["end"] is not None for turn in turns)


def as_text(turns: Iterable[Turn]) -> str:
    """A line a turn: when, who, what."""
    return "".join(f"{_when(turn)}{speaker_name(turn['speaker'])}: {_on_one_line(turn['text'])}\n" for turn in turns)


def as_srt(turns: Sequence[Turn]) -> str:
    """Players of it take every line for left to right, so Hebrew ones say that they are not."""
    blocks = []
    for number, cue in enumerate(cues(turns), start=1):
        told = f"{speaker_name(cue.speaker)}: {cue.text}" if cue.is_first else cue.text
        lines = (f"{RLE}{line}{PDF}" if is_right_to_left(cue.text) else line for line in _lines(told))
        blocks.append(f"{number}\n{_span(cue, ',')}\n" + "\n".join(lines) + "\n")
    return "\n".join(blocks)


def as_vtt(turns: Sequence[Turn]) -> str:
    """Players of it go by a cue's first letter: the mark makes that one of Hebrew, also before a Latin name."""
    blocks = ["WEBVTT\n"]
    for cue in cues(turns):
        mark = RLM if is_right_to_left(cue.text) else ""
        text = "\n".join(f"{mark}{_escaped(line)}" for line in _lines(cue.text))
        blocks.append(f"{_span(cue, '.')}\n<v {speaker_name(cue.speaker)}>{text}\n")
    return "\n".join(blocks)


def cues(turns: Sequence[Turn]) -> list[Cue]:
    """Each turn in pieces that can be read while they are heard, in order of time."""
    found = [cue for turn in turns for cue in _cues_of(turn)]
    return sorted(found, key=lambda cue: (cue.start, cue.end))


def is_right_to_left(text: str) -> bool:
    """Whether most of its letters are."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return sum(kind in RIGHT_TO_LEFT for kind in kinds) > sum(kind == "L" for kind in kinds)


def _cues_of(turn: Turn) -> Iterator[Cue]:
    for number, piece in enumerate(_pieces(words_of(turn))):
        start = piece[0].start
        end = max(piece[-1].end, start + SHORTEST_SECONDS)
        yield Cue(turn["speaker"], start, end, _on_one_line("".join(word.text for word in piece)), number == 0)


def _pieces(words: Iterable[Word]) -> Iterator[list[Word]]:
    piece: list[Word] = []
    for word in words:
        if piece and _is_full(piece, word):
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def _is_full(piece: Sequence[Word], word: Word) -> bool:
    length = sum(len(one.text) for one in piece)
    is_too_long = length + len(word.text) > LONGEST_CUE
    if not word.text[:1].isspace():
        return is_too_long and length > LONGEST_CUE // 2  # the rest of a word; or a language that has no spaces
    ends_well = SENTENCE_END.search(piece[-1].text) is not None and length > LINE
    takes_too_long = word.end - piece[0].start > LONGEST_SECONDS
    return ends_well or is_too_long or takes_too_long or word.start - piece[-1].end > PAUSE


def words_of(turn: Turn) -> list[Word]:
    """The turn's words with their times; where nobody kept them, as if all letters took equally long."""
    known = [Word(text, start, end) for text, start, end, *_ in turn.get("words") or ()]
    return known or _spread(turn)


def _spread(turn: Turn) -> list[Word]:
    texts = turn["text"].split()
    letter = (turn["end"] - turn["start"]) / max(1, sum(map(len, texts)))
    words, at = [], turn["start"]
    for text in texts:
        words.append(Word(f" {text}", at, at + letter * len(text)))
        at += letter * len(text)
    return words


def _lines(text: str) -> list[str]:
    return wrap(text, LINE, break_on_hyphens=False)


def _on_one_line(text: str) -> str:
    """An empty line would end a cue."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """WebVTT has tags, and an arrow that nobody may say."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _when(turn: Turn) -> str:
    return "" if turn["start"] is None else f"[{duration(turn['start'])}] "


def _span(cue: Cue, point: str) -> str:
    return f"{_timestamp(cue.start, point)} --> {_timestamp(cue.end, point)}"


def _timestamp(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{point}{thousandths:03}"
