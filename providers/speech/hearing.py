"""Windows become turns: words go back to their utterances, and an utterance left without words is heard again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import fmean
from typing import Final, NamedTuple, Protocol

from providers.speech.decode import Samples
from providers.speech.turns import Turn, Word
from providers.speech.utterances import Utterance
from providers.speech.whisper import Encoded, Part, unwatched
from providers.speech.windows import Window

THIN_WORDS_PER_SECOND: Final = 0.7  # people say two to four; digits packed among sentences often come out as none
THIN_SECONDS: Final = 0.8  # a shorter utterance may well be one word
SPOKEN: Final = re.compile(r"\d|[^\W\d]+")  # a digit is a word when it is said: 90210 takes five


class Said(NamedTuple):
    """What was said in an utterance; its words have their times in the recording."""

    words: list[Word]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def trust(self) -> float:
        return fmean(word.trust for word in self.words)


class Manner(NamedTuple):
    """How to write down what is heard: in which language, and with which names that may be said."""

    language: str
    hints: str = ""


class Listener(Protocol):
    """Writes down the words of some windows, each with its place in its window: Whisper does."""

    def encode(self, windows: Sequence[Samples], language: str | None, on_part: Part = unwatched) -> Encoded: ...

    def words(
        self, encoded: Encoded, language: str, hints: str = "", on_part: Part = unwatched
    ) -> list[list[Word]]: ...


def hear(
    listener: Listener, windows: Sequence[Window], encoded: Encoded, manner: Manner, on_part: Part = unwatched
) -> list[Turn]:
    """What was said in some windows, one turn an utterance. What `on_part` raises comes through."""
    said = _spread(windows, listener.words(encoded, manner.language, manner.hints, on_part))
    _hear_apart(listener, windows, said, manner)
    return [
        _turn(window.channel, utterance, one, manner.language)
        for window, utterances in zip(windows, said, strict=True)
        for utterance, one in zip(window.utterances, utterances, strict=True)
        if one.text
    ]


def _turn(channel: int, utterance: Utterance, said: Said, language: str) -> Turn:
    start, end = round(utterance.start, 2), round(utterance.end, 2)
    words = tuple(
        Word(word.text, _within(word.start, start, end), _within(word.end, start, end), round(word.trust, 2))
        for word in said.words
    )
    return Turn(channel, start, end, said.text, round(said.trust, 2), words, language)


def _within(moment: float, start: float, end: float) -> float:
    return round(min(max(moment, start), end), 2)


def _hear_apart(listener: Listener, windows: Sequence[Window], said: list[list[Said]], manner: Manner) -> None:
    """Decode what came out thin without its neighbours, and them without it; what is lost again stays as it was."""
    runs = [(was, run) for window, was in zip(windows, said, strict=True) for run in _runs(window, was)]
    if not runs:
        return
    apart = [run.window for _, run in runs]
    encoded = listener.encode([window.samples() for window in apart], manner.language)
    heard = _spread(apart, listener.words(encoded, manner.language, manner.hints))
    for (was, run), again in zip(runs, heard, strict=True):
        if any(one.text for one in again):
            was[run.first : run.first + len(again)] = again


class _Run(NamedTuple):
    """Neighbours in a window, as one of their own; `first` is the place of the first of them."""

    window: Window
    first: int


def _runs(window: Window, said: list[Said]) -> Iterator[_Run]:
    """A window in parts that are all thin or all not; nothing for one that needs no parting."""
    thin = [_is_thin(utterance, one.text) for utterance, one in zip(window.utterances, said, strict=True)]
    if len(thin) == 1 or not any(thin):
        return
    for _, run in groupby(range(len(thin)), key=lambda place: thin[place]):
        places = list(run)
        yield _Run(replace(window, utterances=[window.utterances[place] for place in places]), places[0])


def _spread(windows: Sequence[Window], words: list[list[Word]]) -> list[list[Said]]:
    """The words of each window, given back to its utterances by where they lie."""
    return [_given_back(window, found) for window, found in zip(windows, words, strict=True)]


def _given_back(window: Window, words: list[Word]) -> list[Said]:
    said = [Said([]) for _ in window.utterances]
    for word in words:
        middle = (word.start + word.end) / 2
        place, moment = window.where(middle)
        ahead = moment - middle
        said[place].words.append(word._replace(start=word.start + ahead, end=word.end + ahead))
    return said


def _is_thin(utterance: Utterance, text: str) -> bool:
    seconds = utterance.end - utterance.start
    return seconds >= THIN_SECONDS and len(SPOKEN.findall(text)) < THIN_WORDS_PER_SECOND * seconds
