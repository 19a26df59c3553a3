"""What loudness says against the detector: that it hears a leak of the other side, or does not know this speech."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from providers.speech.decode import Samples
from providers.speech.detect import FRAME_SECONDS, Probabilities
from providers.speech.network import FRAME
from providers.speech.utterances import LEAST, PAUSE, SPEECH, padded_spans, spans

# On a line without its low tones the detector kept 8 % of Hebrew speech. It was unsure about the rest: its mean
# probability was .006 to .02 outside of what it kept, and at most .003 on tones, busy lines, music and noise.
KEPT: Final = 0.3  # the least share of what is loud that a detector may call speech, unless it is sure that it is none
UNSURE: Final = 0.005  # mean probability of speech in what is loud, and was not kept

ABOVE_FLOOR_DB: Final = 15.0
FLOOR_PERCENTILE: Final = 10  # people pause for longer than a tenth of their time
QUIETEST_DB: Final = -65.0  # of full scale; under it is what coding leaves of silence
LEAST_SECONDS: Final = 1.0

LEAK_DB: Final = 32.0  # a leak lies this much under its source, while people who speak at once differ by 20 at most
NEAR: Final = 9  # frames on either side, .3 s: a leak may come late, and is no leak in its source's short pauses
SYLLABLE: Final = 2  # frames on either side, 160 ms in all

Levels = NDArray[np.float32]
"""Decibels of full scale, one row a channel, one column a frame."""


def corrected(heard: Probabilities, narrow: Samples) -> Probabilities:
    """What the detector heard, one row a channel: without what leaks from the other channel, and with certainty where a
    channel is loud that it doubts."""
    if not heard.size:
        return heard
    levels = _levels(narrow, heard.shape[1])
    channels = zip(heard, levels, _are_leaks(levels), strict=True)
    return np.stack([_without_leaks(_with_doubts(own, level), leaks) for own, level, leaks in channels])


def _levels(narrow: Samples, frames: int) -> Levels:
    padded = np.pad(narrow, ((0, 0), (0, frames * FRAME - narrow.shape[1])))
    power = np.mean(padded.reshape(len(narrow), frames, FRAME) ** 2, axis=2)
    return np.asarray(10 * np.log10(power + np.finfo(np.float32).tiny), dtype=np.float32)


def _without_leaks(heard: Probabilities, leaks: NDArray[np.bool_]) -> Probabilities:
    """Only long leaks are cut out of speech, or what is nothing else: a short one may be its own quiet end."""
    kept = heard.copy()
    for span in spans(heard):
        for start, end in _runs(leaks[span.start : span.end]):
            if end - start > PAUSE or end - start == span.end - span.start:
                kept[span.start + start : span.start + end] = 0
    return kept


def _runs(leaks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where leaks begin and end; a moment between two of them is too short to be a word."""
    runs: list[tuple[int, int]] = []
    for place in np.flatnonzero(leaks):
        if runs and place - runs[-1][1] < LEAST:
            runs[-1] = (runs[-1][0], int(place) + 1)
        else:
            runs.append((int(place), int(place) + 1))
    if runs and runs[0][0] < LEAST:
        runs[0] = (0, runs[0][1])
    if runs and len(leaks) - runs[-1][1] < LEAST:
        runs[-1] = (runs[-1][0], len(leaks))
    return runs


def _are_leaks(levels: Levels) -> NDArray[np.bool_]:
    """Where a channel is so much quieter than the other that it is heard through it, if at all."""
    if len(levels) < 2:
        return np.zeros(levels.shape, dtype=bool)
    own = _loudest(levels, SYLLABLE)
    return np.asarray(own < _loudest(levels, NEAR)[::-1] - LEAK_DB)


def _loudest(levels: Levels, near: int) -> Levels:
    """In each frame and as many before and after it."""
    padded = np.pad(levels, ((0, 0), (near, near)), mode="edge")
    return np.asarray(sliding_window_view(padded, 2 * near + 1, axis=1).max(axis=2))


def _with_doubts(heard: Probabilities, level: Levels) -> Probabilities:
    """Certain where a channel stands out from its own silence, if the detector hears too little there."""
    floor = float(np.percentile(level, FLOOR_PERCENTILE))
    loud = np.asarray(level > max(floor + ABOVE_FLOOR_DB, QUIETEST_DB))
    if loud.sum() * FRAME_SECONDS < LEAST_SECONDS or np.mean(heard[loud] >= SPEECH) >= KEPT:
        return heard
    dropped = loud.copy()
    for span in padded_spans(heard):
        dropped[span.start : span.end] = False
    if dropped.sum() * FRAME_SECONDS < LEAST_SECONDS or np.mean(heard[dropped]) < UNSURE:
        return heard
    return np.where(dropped, np.float32(1), heard)
