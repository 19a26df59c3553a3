"""Utterances packed into windows, since Whisper hears better with more around a word."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from providers.speech.decode import WIDE, Samples
from providers.speech.utterances import LONGEST_SECONDS, Utterance

PATIENCE_SECONDS: Final = 60  # a lone remark is not kept back longer than this for company


@dataclass
class Window:
    """Consecutive utterances of one channel, with `gap` seconds of nothing between them."""

    channel: int
    utterances: list[Utterance]
    gap: float

    @property
    def seconds(self) -> float:
        spoken = sum(utterance.seconds for utterance in self.utterances)
        return spoken + self.gap * (len(self.utterances) - 1)

    @property
    def start(self) -> float:
        return self.utterances[0].start

    def samples(self) -> Samples:
        silence = np.zeros(round(self.gap * WIDE), dtype=np.float32)
        parts = [part for utterance in self.utterances for part in (silence, utterance.samples)]
        return np.concatenate(parts[1:])

    def has_room_for(self, utterance: Utterance) -> bool:
        return self.seconds + self.gap + utterance.seconds <= LONGEST_SECONDS

    def where(self, seconds: float) -> tuple[int, float]:
        """Which utterance lies at this time of the window, and when that was in the recording."""
        begin = 0.0
        for place, utterance in enumerate(self.utterances):
            end = begin + utterance.seconds + self.gap
            if seconds < end - self.gap / 2 or place == len(self.utterances) - 1:
                break
            begin = end
        return place, utterance.start - utterance.lead + seconds - begin


class Packer:
    """Fills the windows of one channel; the last one stays open for what comes next."""

    def __init__(self, channel: int, gap: float) -> None:
        self._channel = channel
        self._gap = gap
        self._open: Window | None = None

    def pack(self, utterances: list[Utterance], *, heard_until: float, is_last: bool) -> list[Window]:
        full: list[Window] = []
        for utterance in utterances:
            full += self._add(utterance)
        if self._open and (is_last or self._open.start < heard_until - PATIENCE_SECONDS):
            full.append(self._open)
            self._open = None
        return full

    def _add(self, utterance: Utterance) -> list[Window]:
        if self._open and self._open.has_room_for(utterance):
            self._open.utterances.append(utterance)
            return []
        full = [self._open] if self._open else []
        self._open = Window(self._channel, [utterance], self._gap)
        return full
