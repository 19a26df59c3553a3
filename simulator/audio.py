"""What is heard on a call: 8 kHz 16-bit samples, cut, trimmed, mixed and written as WAV."""

import io
import wave
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

RATE = 8000  # telephone audio

# Below this a sample counts as silence: about -44 dB of full scale, above the hiss of a line.
SILENCE = 200


class NotAudio(ValueError):
    """The file is not a WAV, FLAC or MP3 file with sound in it."""


@dataclass(frozen=True)
class Audio:
    """`samples` has one row for each channel."""

    samples: NDArray[np.int16]

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / RATE)

    def cut(self, start: float, end: float) -> "Audio":
        return Audio(self.samples[:, max(0, round(start * RATE)) : max(0, round(end * RATE))])

    def channel(self, number: int) -> "Audio":
        return Audio(self.samples[number : number + 1])

    def mixed(self) -> "Audio":
        """One channel in which everybody is heard."""
        if self.channels == 1:
            return self
        total = self.samples.astype(np.int32).sum(axis=0, keepdims=True)
        return Audio(np.clip(total, -32768, 32767).astype(np.int16))

    def dual(self) -> "Audio":
        """Two channels; somebody who talks alone is on the first, and the second is silent."""
        if self.channels == 2:
            return self
        return Audio(np.concatenate([self.samples, np.zeros_like(self.samples)]))

    def trimmed(self) -> "Audio":
        """Without the silence at both ends; silence from end to end stays as it is."""
        loud = np.flatnonzero((np.abs(self.samples.astype(np.int32)) > SILENCE).any(axis=0))
        return Audio(self.samples[:, loud[0] : loud[-1] + 1]) if loud.size else self

    def wav(self) -> bytes:
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(self.channels)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(self.samples.T.astype("<i2").tobytes())
        return file.getvalue()


@lru_cache(maxsize=8)  # a storm places hundreds of calls with a few files
def decode(data: bytes) -> Audio:
    """Raises NotAudio."""
    try:
        with av.open(io.BytesIO(data), "r", format=_format_of(data)) as container:
            samples = _samples(container)
    except (av.FFmpegError, IndexError) as error:
        raise NotAudio("the file cannot be read as audio") from error
    if not samples.size:
        raise NotAudio("there is no sound in the file")
    return Audio(samples)


def _format_of(data: bytes) -> str:
    """Decided by the first bytes, so that a text file that names another one is never opened as a playlist."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0"):
        return "mp3"
    raise NotAudio("the file is not audio: WAV, FLAC or MP3 is needed")


def _samples(container: InputContainer) -> NDArray[np.int16]:
    stream = container.streams.audio[0]
    resampler = AudioResampler(format="s16p", layout="mono" if stream.channels == 1 else "stereo", rate=RATE)
    pieces: list[AudioFrame] = []
    for frame in container.decode(stream):
        pieces.extend(resampler.resample(frame))
    pieces.extend(resampler.resample(None))
    if not pieces:
        return np.zeros((1, 0), dtype=np.int16)
    return np.concatenate([piece.to_ndarray() for piece in pieces], axis=1).astype(np.int16)


def soft_tones(seconds: int = 10) -> Audio:
    """Two parties who hum in turn, a second each: what is heard on calls nobody gave a file for."""
    times = np.arange(seconds * RATE) / RATE
    hum = (2000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
    first = (times.astype(int) % 2 == 0).astype(np.int16)
    return Audio(np.stack([hum * first, hum * (1 - first)]))
