"""Test audio in which each second can be told from the others: the n-th one has the loudness n."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

RATE = 8000
STEP = 500  # loudness between one second and the next; below it only silence


def counted_speech(seconds: int, channels: int = 2, lead: int = 0) -> NDArray[np.int16]:
    """Shape (channels, samples); the second channel is half as loud, and `lead` seconds of silence come first."""
    loudness = np.repeat(np.arange(1, seconds + 1) * STEP * 2, RATE)
    first = loudness * np.tile([1, -1], seconds * RATE // 2)
    rows = np.stack([first, first // 2][:channels])
    return np.concatenate([np.zeros((channels, lead * RATE)), rows], axis=1).astype(np.int16)


def seconds_heard(samples: NDArray[np.int16]) -> list[int]:
    """The numbers of the seconds that are there for at least half of their length."""
    numbers, counts = np.unique(np.abs(samples[0].astype(int)) // (STEP * 2), return_counts=True)
    return [int(number) for number, count in zip(numbers, counts, strict=True) if number and count >= RATE // 2]


def write_wav(samples: NDArray[np.int16]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((samples.shape[0], 2, RATE, 0, "NONE", ""))
        writer.writeframes(samples.T.astype("<i2").tobytes())
    return file.getvalue()


def read_wav(data: bytes) -> NDArray[np.int16]:
    with wave.open(io.BytesIO(data)) as reader:
        frames = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
        return frames.reshape(-1, reader.getnchannels()).T.astype(np.int16)
