"""A recording's outline: how loud each channel is from beginning to end, in so few bytes that a page can hold it."""

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

BUCKETS = 800
"""A channel: about as many as a wide page can show apart."""

FINEST = 16
"""Samples a bucket to begin with: 1.6 seconds of the telephone have 800 of them. Powers of two halve evenly."""

AT_ONCE = 65_536
"""Samples taken in together: numpy is paid by the call, and these stay in a processor's cache."""

FULL_SCALE = 255
LOUDEST = 32_767

Samples = NDArray[np.int16]


class Outline:
    """Grows with the recording, whose length nobody knows beforehand; its buckets get wider, never more."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._samples, self._step = 0, FINEST
        self._loudest = np.zeros((2 * BUCKETS, channels), dtype=np.int16)
        self._waiting, self._filled = np.zeros(AT_ONCE * channels, dtype=np.int16), 0

    def add(self, frame: av.AudioFrame) -> None:
        """The next stretch of sound, of any sample format."""
        sound = _interleaved(frame, self._channels)
        while len(sound):
            fitting = sound[: len(self._waiting) - self._filled]
            self._waiting[self._filled : self._filled + len(fitting)] = fitting
            self._filled += len(fitting)
            sound = sound[len(fitting) :]
            if self._filled == len(self._waiting):
                self._take_in()

    def peaks(self) -> bytes:
        """BUCKETS bytes a channel, one channel after the other; nothing for no sound.

        Each is the square root of the greatest amplitude, 255 being full scale: so a quiet speaker shows beside a loud
        one.
        """
        samples = self._samples + self._filled // self._channels
        if not samples:
            return b""
        self._waiting[self._filled :] = 0
        self._take_in()
        used = -(-samples // self._step)
        loudest = np.maximum.reduceat(self._loudest[:used], np.arange(BUCKETS) * used // BUCKETS, axis=0)
        return np.rint(FULL_SCALE * np.sqrt(loudest / LOUDEST)).astype(np.uint8).T.tobytes()

    def _take_in(self) -> None:
        while self._samples + AT_ONCE > self._step * len(self._loudest):
            self._widen()
        found = _loudest(self._waiting, min(self._step, AT_ONCE), self._channels)
        first = self._samples // self._step
        buckets = self._loudest[first : first + len(found)]
        np.maximum(buckets, found, out=buckets)
        self._samples, self._filled = self._samples + AT_ONCE, 0

    def _widen(self) -> None:
        """Every two buckets become one."""
        halved = self._loudest.reshape(BUCKETS, 2, self._channels).max(axis=1)
        self._loudest = np.concatenate((halved, np.zeros_like(halved)))
        self._step *= 2


def _loudest(sound: Samples, step: int, channels: int) -> Samples:
    """The greatest amplitude of every `step` samples, a row each.

    The two halves of each row are laid over each other until one sample is left: ten times as fast as a maximum over
    every second number.
    """
    rows = (sound ^ (sound >> 15)).reshape(-1, step * channels)  # the amplitude, and -32768 is not too large for it
    while rows.shape[1] > channels:
        half = rows.shape[1] // 2
        rows = np.maximum(rows[:, :half], rows[:, half:])
    return rows


def _interleaved(frame: av.AudioFrame, channels: int) -> Samples:
    """The channels in turn, as the telephone's formats are decoded; others are made like them."""
    if frame.format.name == "s16":
        return np.frombuffer(memoryview(frame.planes[0]), dtype=np.int16, count=frame.samples * channels)
    samples: NDArray[Any] = frame.to_ndarray()
    return _as_int16(samples.T if frame.format.is_planar else samples).ravel()


def _as_int16(samples: NDArray[Any]) -> Samples:
    if samples.dtype.kind == "f":
        return (samples.clip(-1, 1) * LOUDEST).astype(np.int16)
    if samples.dtype == np.uint8:
        return (samples.astype(np.int16) - 128) << 8
    return (samples >> 8 * (samples.dtype.itemsize - 2)).astype(np.int16)
