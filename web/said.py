"""Where a summary's facts were said: only what stands in the transcript word for word has a place there."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

TOKEN = re.compile(r"\w+")
FIGURE = re.compile(r"\d(?:[\d.,:/-]*\d)?")
NO_DIGIT = re.compile(r"\D")

FEWEST_WORDS = 4
"""That a sentence shares with the transcript by more than chance."""

SHORTEST_FIGURE = 3
"""Digits: an order or a price is said once or twice in a call, "two" all the time."""

MOST_LINKS = 3

Turn = Mapping[str, Any]


class Link(NamedTuple):
    """A place in the recording: what was said there, nothing when it is the whole line; the turn, from 1; seconds."""

    what: str
    turn: int
    second: float


class Line(NamedTuple):
    """A line of a summary, and where to hear it."""

    text: str
    links: list[Link]


@dataclass
class _Spoken:
    """All words of a call in small letters, each between blanks, and the place of each."""

    text: str = " "
    starts: list[int] = field(default_factory=list)
    places: list[tuple[int, float]] = field(default_factory=list)
    figures: dict[str, tuple[int, float]] = field(default_factory=dict)


def lines_of(summary: str | None, turns: Sequence[Turn]) -> list[Line]:
    """The summary's lines with their places in the recording."""
    spoken = _spoken(turns) if summary else _Spoken()
    return [Line(line, _links(line, spoken)) for line in (summary or "").splitlines() if line.strip()]


def _links(line: str, spoken: _Spoken) -> list[Link]:
    whole = _find(line, spoken) or _find(line.partition(": ")[2], spoken)  # "Customer: …" is who said it
    if whole:
        return [Link("", *whole)]
    found = {figure: spoken.figures.get(NO_DIGIT.sub("", figure)) for figure in FIGURE.findall(line)}
    return [Link(figure, *place) for figure, place in found.items() if place][:MOST_LINKS]


def _find(sentence: str, spoken: _Spoken) -> tuple[int, float] | None:
    words = TOKEN.findall(sentence.casefold())
    if len(words) < FEWEST_WORDS:
        return None
    at = spoken.text.find(f" {' '.join(words)} ")
    return None if at < 0 else spoken.places[bisect_right(spoken.starts, at + 1) - 1]


def _spoken(turns: Sequence[Turn]) -> _Spoken:
    """Turns of one speaker in a row are one speech, as for the summary; a change of speaker ends a sentence."""
    found, pieces, length, before = _Spoken(), [""], 1, None
    for number, turn in enumerate(turns, start=1):
        if turn["start"] is None:
            continue
        if before not in (None, turn["speaker"]):
            pieces.append("|")
            length += 2
        before = turn["speaker"]
        for word, second in _words(turn):
            found.starts.append(length)
            found.places.append((number, second))
            pieces.append(word)
            length += len(word) + 1
        for figure, second in _figures(turn):
            found.figures.setdefault(figure, (number, second))
    found.text = " ".join([*pieces, ""])
    return found


def _words(turn: Turn) -> Iterator[tuple[str, float]]:
    text, second_at = _timed(turn)
    for match in TOKEN.finditer(text):
        yield match.group().casefold(), second_at(match.start())


def _figures(turn: Turn) -> Iterator[tuple[str, float]]:
    text, second_at = _timed(turn)
    for match in FIGURE.finditer(text):
        digits = NO_DIGIT.sub("", match.group())
        if len(digits) >= SHORTEST_FIGURE:
            yield digits, second_at(match.start())


def _timed(turn: Turn) -> tuple[str, Any]:
    """The turn's text, and a function that tells when the letter at a place of it was said."""
    words = turn.get("words") or [(turn["text"], turn["start"])]
    starts = [0, *accumulate(len(word[0]) for word in words)]
    return "".join(word[0] for word in words), lambda at: words[bisect_right(starts, at) - 1][1]
