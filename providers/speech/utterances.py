"""Speech of one channel cut into utterances, while the recording is still coming in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from providers.speech.decode import WIDE, Samples
from providers.speech.detect import FRAME_SECONDS, Probabilities

LONGEST_SECONDS: Final = 15  # Whisper loses words in shorter and in longer windows of telephone speech
PAD_SECONDS: Final = 0.3  # the consonants at the edges of speech lie below the threshold; more is more to transcribe
PAUSE_SECONDS: Final = 0.5  # shorter silences lie between words
SPEECH: Final = 0.3  # narrowband Hebrew is lost at the usual .5; tones and hiss stay below
SURE_SILENCE: Final = 0.2  # an utterance goes on until the probability falls under this
LEAST_SECONDS: Final = 0.15  # clicks are shorter, the shortest words are not

FRAME_WIDE: Final = round(FRAME_SECONDS * WIDE)
PAD: Final = round(PAD_SECONDS / FRAME_SECONDS)
PAUSE: Final = round(PAUSE_SECONDS / FRAME_SECONDS)
LEAST: Final = round(LEAST_SECONDS / FRAME_SECONDS)
UNSURE: Final = PAD + PAUSE + LEAST  # speech so near the end of what was heard may not count yet
LONGEST: Final = int(LONGEST_SECONDS / FRAME_SECONDS)


@dataclass(frozen=True)
class Span:
    """Frames from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Utterance:
    """Speech with a little silence around it; `start` and `end` are the speech itself, in seconds.

    The samples begin `lead` seconds before it.
    """

    channel: int
    start: float
    end: float
    samples: Samples
    lead: float = 0.0

    @property
    def seconds(self) -> float:
        return len(self.samples) / WIDE


class Channel:
    """What one channel has said and is still saying; holds no more than a piece and an unfinished utterance."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._offset = 0  # frames that were cut off already
        self._heard: Probabilities = np.empty(0, dtype=np.float32)
        self._samples: Samples = np.empty(0, dtype=np.float32)

    def hear(self, samples: Samples, heard: Probabilities, *, is_last: bool) -> list[Utterance]:
        """The utterances that are finished with this piece."""
        self._samples = np.concatenate([self._samples, samples])
        self._heard = np.concatenate([self._heard, heard])
        spans = list(padded_spans(self._heard))
        finished = spans if is_last else [span for span in spans if span.end + UNSURE <= len(self._heard)]
        utterances = [self._utterance(span) for span in finished]
        self._cut(self._first_needed(spans, finished))
        return utterances

    def _first_needed(self, spans: list[Span], finished: list[Span]) -> int:
        if len(finished) < len(spans):
            return spans[len(finished)].start
        return max(len(self._heard) - UNSURE, finished[-1].end if finished else 0, 0)

    def _cut(self, frames: int) -> None:
        self._offset += frames
        self._heard = self._heard[frames:]
        self._samples = self._samples[frames * FRAME_WIDE :]

    def _utterance(self, span: Span) -> Utterance:
        speech = np.flatnonzero(self._heard[span.start : span.end] >= SPEECH)
        first, last = (speech[0], speech[-1] + 1) if len(speech) else (0, span.end - span.start)
        return Utterance(
            channel=self._number,
            start=(self._offset + span.start + int(first)) * FRAME_SECONDS,
            end=(self._offset + span.start + int(last)) * FRAME_SECONDS,
            samples=self._samples[span.start * FRAME_WIDE : span.end * FRAME_WIDE],
            lead=int(first) * FRAME_SECONDS,
        )


def padded_spans(heard: Probabilities) -> Iterator[Span]:
    """Speech with its pads, merged where pads overlap, none longer than a window."""
    merged: list[Span] = []
    for span in (span for span in spans(heard) if span.end - span.start >= LEAST):
        padded = Span(max(span.start - PAD, 0), min(span.end + PAD, len(heard)))
        if merged and padded.start <= merged[-1].end:
            padded = Span(merged.pop().start, padded.end)
        merged.append(padded)
    for span in merged:
        yield from _split(span, heard)


def spans(heard: Probabilities) -> Iterator[Span]:
    """From each frame that is surely speech up to a pause that is surely silence."""
    start = quiet = None
    for at, probability in enumerate(heard):
        if probability >= SPEECH:
            start, quiet = (at if start is None else start), None
        elif probability < SURE_SILENCE and start is not None:
            quiet = at if quiet is None else quiet
            if at - quiet >= PAUSE:
                yield Span(start, quiet)
                start = quiet = None
    if start is not None:
        yield Span(start, len(heard) if quiet is None else quiet)


def _split(span: Span, heard: Probabilities) -> Iterator[Span]:
    """A speech too long for a window is parted where it is quietest, in the second half of the window."""
    while span.end - span.start > LONGEST:
        half = span.start + LONGEST // 2
        cut = half + int(np.argmin(_smooth(heard[half : span.start + LONGEST])))
        yield Span(span.start, cut)
        span = Span(cut, span.end)
    yield span


def _smooth(heard: Probabilities) -> Probabilities:
    """Over 5 frames (160 ms), so that a pause wins over a stop consonant."""
    return np.convolve(heard, np.ones(5, dtype=np.float32), mode="same").astype(np.float32)
