"""Windows become turns: words go back to their utterances, and an utterance left without words is heard again."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
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
        Turn(window.channel, round(utterance.start, 2), round(utterance.end, 2), text)
        for window, texts in zip(windows, said, strict=True)
        for utterance, text in zip(window.utterances, texts, strict=True)
        if text
    ]


def _hear_apart(listener: Listener, windows: Sequence[Window], said: list[list[str]], language: str) -> None:
    """Decode what came out thin without its neighbours, and them without it; what is lost again stays as it was."""
    runs = [(texts, run) for window, texts in zip(windows, said, strict=True) for run in _runs(window, texts)]
    heard = _spread(listener, [run.window for _, run in runs], language) if runs else []
    for (texts, run), again in zip(runs, heard, strict=True):
        if any(again):
            texts[run.first : run.first + len(again)] = again


class _Run(NamedTuple):
    """Neighbours in a window, as one of their own; `first` is the place of the first of them."""

    window: Window
    first: int


def _runs(window: Window, texts: list[str]) -> Iterator[_Run]:
    """A window in parts that are all thin or all not; nothing for one that needs no parting."""
    thin = [_is_thin(utterance, text) for utterance, text in zip(window.utterances, texts, strict=True)]
    if len(thin) == 1 or not any(thin):
        return
    for _, run in groupby(range(len(thin)), key=lambda place: thin[place]):
        places = list(run)
        yield _Run(Window(window.channel, [window.utterances[place] for place in places]), places[0])


def _spread(
    listener: Listener, windows: Sequence[Window], language: str, on_part: Part = _unwatched
) -> list[list[str]]:
    """The words of each window, given back to its utterances by where they lie."""
    lone = [len(window.utterances) == 1 for window in windows]
    found = listener.words([window.samples() for window in windows], language, lone, on_part)
    return [_given_back(window, words) for window, words in zip(windows, found, strict=True)]


def _given_back(window: Window, words: list[Word]) -> list[str]:
    said = [""] * len(window.utterances)
    for word in words:
        said[window.place_of((word.start + word.end) / 2)] += word.text
    return [text.strip() for text in said]


def _is_thin(utterance: Utterance, text: str) -> bool:
    seconds = utterance.end - utterance.start
    return seconds >= THIN_SECONDS and len(SPOKEN.findall(text)) < THIN_WORDS_PER_SECOND * seconds
