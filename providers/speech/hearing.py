"""A window becomes turns: its words go back to its utterances, and an utterance left without words is heard again."""

import re
from itertools import groupby
from typing import Final, Protocol

from providers.speech.decode import Samples
from providers.speech.turns import Turn
from providers.speech.utterances import Utterance
from providers.speech.whisper import Word
from providers.speech.windows import Window

THIN_WORDS_PER_SECOND: Final = 1.0  # people say two to four; digits packed among sentences often come out as none
THIN_SECONDS: Final = 0.8  # a shorter utterance may well be one word
SPOKEN: Final = re.compile(r"\d|[^\W\d]+")  # a digit is a word when it is said: 90210 takes five


class Listener(Protocol):
    """Writes down the words of some samples, each with its place: Whisper does."""

    def words(self, samples: Samples, language: str) -> list[Word]: ...


def hear(listener: Listener, window: Window, language: str) -> list[Turn]:
    """What was said in a window, one turn an utterance."""
    said = _spread(listener, window, language)
    thin = [_is_thin(utterance, text) for utterance, text in zip(window.utterances, said, strict=True)]
    if any(thin) and len(window.utterances) > 1:
        said = _hear_apart(listener, window, language, said, thin)
    return [
        Turn(window.channel, round(utterance.start, 2), round(utterance.end, 2), text)
        for utterance, text in zip(window.utterances, said, strict=True)
        if text
    ]


def _hear_apart(listener: Listener, window: Window, language: str, said: list[str], thin: list[bool]) -> list[str]:
    """Decode what came out thin without its neighbours, and them without it; what is lost again stays as it was."""
    again: list[str] = []
    for _, run in groupby(range(len(said)), key=lambda place: thin[place]):
        places = list(run)
        part = Window(window.channel, [window.utterances[place] for place in places])
        heard = _spread(listener, part, language)
        again += heard if any(heard) else [said[place] for place in places]
    return again


def _spread(listener: Listener, window: Window, language: str) -> list[str]:
    """The words of a window, given back to its utterances by where they lie."""
    said = [""] * len(window.utterances)
    for word in listener.words(window.samples(), language):
        said[window.place_of((word.start + word.end) / 2)] += word.text
    return [text.strip() for text in said]


def _is_thin(utterance: Utterance, text: str) -> bool:
    seconds = utterance.end - utterance.start
    return seconds >= THIN_SECONDS and len(SPOKEN.findall(text)) < THIN_WORDS_PER_SECOND * seconds
