"""Sentences and words of speech as it was transcribed, without anything to download."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from providers.language import Line, Speaker

END = re.compile(r"(?<=[.!?…])[\"'”»)]*\s+")
NO_END = re.compile(r"\b(?:(?i:mr|mrs|ms|dr|st|inc|ltd|approx|e\.g|i\.e)|[A-HJ-Z])\.$")  # "and so do I." does end
WORD = re.compile(r"[^\W\d_]+(?:['’\"״׳-][^\W\d_]+)*|\d+(?:[.,:/-]\d+)*")
# without digits: "0 0 0 0" is part of a number
LOOP = re.compile(r"\b([^\W\d]+\b(?:\W+[^\W\d]+\b){0,5}?)(?:\W+\1\b){3,}[.,!?…]*", re.IGNORECASE)
LONGEST = 40  # words; a transcript without punctuation is cut into pieces one can read
HEBREW_PREFIXES = "והבלמשכ"  # and, the, in, to, from, that, as: written together with the word they precede


@dataclass(frozen=True)
class Sentence:
    speaker: Speaker
    text: str


def sentences(lines: Sequence[Line]) -> list[Sentence]:
    """In order; lines of one speaker in a row are one speech, since transcribers cut in mid-sentence."""
    found = []
    for speaker, speech in groupby(lines, key=lambda line: line.speaker):
        text = " ".join(line.text for line in speech)
        found += [Sentence(speaker, piece) for piece in split(text)]
    return found


def split(text: str) -> list[str]:
    pieces: list[str] = []
    unfinished = ""
    for piece in END.split(_without_loops(" ".join(text.split()))):
        unfinished = f"{unfinished} {piece}".strip()
        if not NO_END.search(unfinished):
            pieces += _readable(unfinished)
            unfinished = ""
    pieces += _readable(unfinished)
    return pieces


def _without_loops(text: str) -> str:
    """A transcriber that gets stuck says the same words over and over; once is what they are worth."""
    return LOOP.sub(r"\1.", text)


def _readable(sentence: str) -> Iterable[str]:
    spoken = sentence.split()
    return (" ".join(spoken[at : at + LONGEST]) for at in range(0, len(spoken), LONGEST))


def words(text: str) -> tuple[str, ...]:
    """In small letters; numbers and words with an apostrophe or gershayim stay whole."""
    return tuple(WORD.findall(text.lower().replace("’", "'").replace("״", '"')))


def stem(word: str) -> str:
    """Roughly: an English plural, a Hebrew prefix. Enough to see that two sentences speak of the same thing."""
    if word[0] in HEBREW_PREFIXES and len(word) > 3:
        return word[1:]
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word
