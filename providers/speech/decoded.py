"""One attempt at a window, and the doubts about it: decode again, or say nothing rather than invent."""

import re
import zlib
from dataclasses import dataclass
from typing import Final

LOOP_COMPRESSION: Final = 2.4  # text that compresses better repeats itself
LOOP_WORDS: Final = 6  # as many words said twice in one window are rarely meant
DOUBTFUL_LOGPROB: Final = -0.3  # a wider search often finds better; from -0.2 on it cost more and found no more
BAD_LOGPROB: Final = -1.0
NO_SPEECH: Final = 0.5  # over it in every text invented on tones, hiss, noise and silence
UNSURE_LOGPROB: Final = -0.7  # read-out digits are over NO_SPEECH too, but surer than this

THIN_WORDS_PER_SECOND: Final = 0.5  # people say two to four
AGAIN_AND_AGAIN: Final = re.compile(r"\W*(\w.{0,30}?)(?:\W*\1){2,}\W*")


@dataclass(frozen=True)
class Decoded:
    """Text with its tokens, their mean log-probability, and how sure the model is that nobody spoke."""

    text: str
    tokens: list[int]
    logprob: float
    no_speech: float
    seconds: float = 0.0
    """How long the window is."""
    is_sampled: bool = False
    """Drawn by chance, after the sure searches had come to nothing."""

    @property
    def compression(self) -> float:
        written = self.text.encode()
        return len(written) / len(zlib.compress(written))

    @property
    def is_doubtful(self) -> bool:
        return self.logprob < DOUBTFUL_LOGPROB or self.is_bad

    @property
    def is_bad(self) -> bool:
        return self.compression > LOOP_COMPRESSION or self.logprob < BAD_LOGPROB or self.says_twice

    @property
    def says_twice(self) -> bool:
        words = self.text.lower().split()
        sequences = [tuple(words[at : at + LOOP_WORDS]) for at in range(len(words) - LOOP_WORDS + 1)]
        return len(set(sequences)) < len(sequences)

    @property
    def is_thin(self) -> bool:
        """Hardly a word where the detector heard speech all along: a tone or a noise, or one thing again and again."""
        words = re.findall(r"\w+", self.text)
        return len(words) < THIN_WORDS_PER_SECOND * self.seconds or bool(AGAIN_AND_AGAIN.fullmatch(self.text.lower()))

    @property
    def is_invented(self) -> bool:
        """Loops have a high probability, so probability alone says nothing."""
        signs = (self.no_speech > NO_SPEECH, self.logprob < UNSURE_LOGPROB, self.is_thin, self.is_sampled)
        nobody = sum(signs) > 1  # each of them alone happens to real speech
        return nobody or self.compression > LOOP_COMPRESSION or not re.search(r"\w", self.text)

    def or_better(self, other: "Decoded") -> "Decoded":
        return max(self, other, key=lambda decoded: (not decoded.is_bad, decoded.logprob))
