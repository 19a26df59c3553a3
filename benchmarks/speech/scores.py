"""Word errors of a channel against what was said on it."""

import re
import unicodedata
from dataclasses import dataclass

import jiwer

MARKS = re.compile(r"[^\w\s]")
DIGITS = dict(
    zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
)
SAME = {"oh": "zero", "o": "zero"}
"""A number that is read out digit by digit may be written as digits or as words: both are right."""


@dataclass(frozen=True)
class Score:
    """Words in the reference, and errors: words left out, put in, or another; they add up over recordings."""

    words: int = 0
    errors: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.words + other.words, self.errors + other.errors)

    @property
    def rate(self) -> float:
        """Word error rate, in percent; it may exceed 100."""
        return 100 * self.errors / self.words if self.words else 0.0


def plain(text: str) -> str:
    """What counts: words, without case, marks and vowel points; numbers digit by digit."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = MARKS.sub(" ", letters.replace("'", ""))
    spelled = re.sub(r"\d", lambda digit: f" {DIGITS.get(digit.group(), digit.group())} ", words)
    return " ".join(SAME.get(word, word) for word in spelled.split())


def score(said: str, heard: str) -> Score:
    """A channel's words; one that was said on the other channel is an error here, and there."""
    reference, hypothesis = plain(said), plain(heard)
    if not reference:
        return Score(0, len(hypothesis.split()))
    measured = jiwer.process_words(reference, hypothesis)
    errors = measured.substitutions + measured.deletions + measured.insertions
    return Score(len(reference.split()), errors)
