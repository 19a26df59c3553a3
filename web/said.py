"""Where a summary's facts were said: only what stands in the transcript word for word has a place there."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate, islice, pairwise
from typing import Any, NamedTuple

TOKEN = re.compile(r"\w+")
FIGURE = re.compile(r"(?<!\w)\d(?:[\d.,:/-]*\d)?")
NO_DIGIT = re.compile(r"\D")

FEWEST_WORDS = 4
"""That a sentence shares with the transcript by more than chance."""

SHORTEST_FIGURE = 3
"""Digits: an order or a price is said once or twice in a call, "two" all the time."""

MOST_LINKS = 3

CHANGE = "|"
"""Of speakers: nobody's sentence goes on after it."""

Turn = Mapping[str, Any]
Place = tuple[int, float]
"""The turn, from 1, and seconds."""


class Link(NamedTuple):
    """A place in the recording: what was said there, nothing when it is the whole line; the turn, from 1; seconds."""

    what: str
    turn: int
    second: float


class Line(NamedTuple):
    """A line of a summary, and where to hear it."""

    text: str
    links: list[Link]


class _Spoken:
    """All words of a call in small letters, each between blanks; a change of speaker is between those of two."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = [(number, turn) for number, turn in enumerate(turns, start=1) if turn["start"] is not None]
        said = [_words(turn["text"]) for _, turn in self._turns]
        changes = [before["speaker"] != after["speaker"] for (_, before), (_, after) in pairwise(self._turns)]
        pieces = [
            f"{CHANGE} {words}" if change else words for change, words in zip([False, *changes], said, strict=False)
        ]
        self._starts = [0, *accumulate(len(piece) + 1 for piece in pieces)]
        self._text = " " + " ".join(pieces) + " "

    def find(self, sentence: str) -> Place | None:
        """Where it was said first; None for what was not, or is too short to be sure."""
        words = _words(sentence)
        at = self._text.find(f" {words} ") if words.count(" ") >= FEWEST_WORDS - 1 else -1
        if at < 0:
            return None
        number, turn = self._turns[index := bisect_right(self._starts, at) - 1]
        before = self._text[1 + self._starts[index] : at].split()
        return number, _second(turn, len(before) - before.count(CHANGE))

    @cached_property
    def figures(self) -> dict[str, Place]:
        """Where each figure was said first, by its digits."""
        found: dict[str, Place] = {}
        for number, turn in self._turns:
            for match in FIGURE.finditer(turn["text"]):
                before = TOKEN.findall(turn["text"][: match.start()])
                found.setdefault(NO_DIGIT.sub("", match.group()), (number, _second(turn, len(before))))
        return found


def lines_of(summary: str | None, turns: Sequence[Turn]) -> list[Line]:
    """The summary's lines with their places in the recording."""
    lines = [line for line in (summary or "").splitlines() if line.strip()]
    spoken = _Spoken(turns if lines else [])
    return [Line(line, _links(line, spoken)) for line in lines]


def _links(line: str, spoken: _Spoken) -> list[Link]:
    whole = spoken.find(line) or spoken.find(line.partition(": ")[2])  # "Customer: …" is who said it
    if whole:
        return [Link("", *whole)]
    figures = [(figure, NO_DIGIT.sub("", figure)) for figure in dict.fromkeys(FIGURE.findall(line))]
    told = [(figure, spoken.figures.get(digits)) for figure, digits in figures if len(digits) >= SHORTEST_FIGURE]
    return [Link(figure, *place) for figure, place in told if place][:MOST_LINKS]


def _words(text: str) -> str:
    return " ".join(TOKEN.findall(text.casefold()))


def _second(turn: Turn, before: int) -> float:
    """When the word that has so many before it in its turn was said; as near as anybody has kept it."""
    pieces = turn.get("words") or [(turn["text"], turn["start"])]
    letters = "".join(piece[0] for piece in pieces)
    starts = [0, *accumulate(len(piece[0]) for piece in pieces)]
    places = (match.start() for match in TOKEN.finditer(letters))
    return float(pieces[bisect_right(starts, next(islice(places, before, None), 0)) - 1][1])
