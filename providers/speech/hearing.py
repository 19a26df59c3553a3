"""Windows become turns: words go back to their utterances, and an utterance left without words is heard again."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from statistics import fmean
from typing import Final, NamedTuple, Protocol

from providers.speech.decode import Samples
from providers.speech.turns import Turn
from providers.speech.utterances import Utterance
from providers.speech.whisper import Word
from providers.speech.windows import Window

THIN_WORDS_PER_SECOND: Final = 1.0  # people say two to four; digits packed among sentences often come out as none
THIN_SECONDS: Final = 0.8  # a shorter utterance may well be one word
SPOKEN: Final = re.compile(r"\d|[^\W\d]+")  # a digit is a word when it is said: 90210 takes five


Part = Callable[[float], None]


def _unwatched(part: float) -> None:
    """Nobody asked."""


class Said(NamedTuple):
    """What was said in an utterance, and how sure the model was of it."""

    text: str
    trust: float


class Listener(Protocol):
    """Writes down the words of some windows: Whisper does.

    Each word has its place in its window, but in those that are `lone`, of which one place is as good as another.
    `on_part` hears how much of the work is done.
    """

    def words(
        self, windows: Sequence[Samples], language: str, lone: Sequence[bool], on_part: Part
    ) -> list[list[Word]]: ...


def hear(listener: Listener, windows: Sequence[Window], language: str, on_part: Part = _unwatched) -> list[Turn]:
    """What was said in some windows, one turn an utterance. What `on_part` raises comes through."""
    said = _spread(listener, windows, language, on_part)
    _hear_apart(listener, windows, said, language)
    return [
        Turn(window.channel, round(utterance.start, 2), round(utterance.end, 2), one.text, round(one.trust, 2))
        for window, utterances in zip(windows, said, strict=True)
        for utterance, one in zip(window.utterances, utterances, strict=True)
        if one.text
    ]


def _hear_apart(listener: Listener, windows: Sequence[Window], said: list[list[Said]], language: str) -> None:
    """Decode what came out thin without its neighbours, and them without it; what is lost again stays as it was."""
    runs = [(was, run) for window, was in zip(windows, said, strict=True) for run in _runs(window, was)]
    heard = _spread(listener, [run.window for _, run in runs], language) if runs else []
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
        yield _Run(Window(window.channel, [window.utterances[place] for place in places]), places[0])


def _spread(
    listener: Listener, windows: Sequence[Window], language: str, on_part: Part = _unwatched
) -> list[list[Said]]:
    """The words of each window, given back to its utterances by where they lie."""
    lone = [len(window.utterances) == 1 for window in windows]
    found = listener.words([window.samples() for window in windows], language, lone, on_part)
    return [_given_back(window, words) for window, words in zip(windows, found, strict=True)]


def _given_back(window: Window, words: list[Word]) -> list[Said]:
    placed: list[list[Word]] = [[] for _ in window.utterances]
    for word in words:
        placed[window.place_of((word.start + word.end) / 2)].append(word)
    return [
        Said("".join(word.text for word in own).strip(), fmean(word.trust for word in own) if own else 0.0)
        for own in placed
    ]


def _is_thin(utterance: Utterance, text: str) -> bool:
    seconds = utterance.end - utterance.start
    return seconds >= THIN_SECONDS and len(SPOKEN.findall(text)) < THIN_WORDS_PER_SECOND * seconds
