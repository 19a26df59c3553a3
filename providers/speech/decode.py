"""Audio files in pieces of a minute: never a whole call in memory, channels kept apart."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from providers.errors import OurOutage, Rejected

Samples = NDArray[np.float32]

WIDE: Final = 16_000  # what Whisper was trained on
NARROW: Final = 8_000  # where the speech detector hears most on telephone lines
PIECE_SECONDS: Final = 60  # memory stays under 100 MB; longer pieces transcribe no better

SILENCE: Final = 1e-8  # mean square; -80 dB of full scale
COPY_DIFFERENCE: Final = 0.01  # -20 dB: an echo on the other channel differs from its voice by more

WAV: Final = ("wav",)
BY_HAND: Final = ("wav", "flac", "mp3")
READ_AT_ONCE: Final = {"max_size": "8192"}  # bytes of a WAV: a minute costs 1.5 times as much in 2048, 3.7 in 65536


@dataclass(frozen=True)
class Piece:
    """The next stretch of a recording, one row a channel, at both rates; `share` of the file is read by its end."""

    wide: Samples
    narrow: Samples
    share: float
    is_last: bool

    @property
    def seconds(self) -> float:
        return self.wide.shape[1] / WIDE


class _Tape:
    """Resampled audio that has come in and was not cut off yet."""

    def __init__(self, rate: int, channels: int) -> None:
        self.piece = rate * PIECE_SECONDS
        self._resampler = AudioResampler(format="fltp", layout="stereo" if channels > 1 else "mono", rate=rate)
        self._waiting: list[Samples] = [np.empty((min(channels, 2), 0), dtype=np.float32)]
        self._length = 0

    def append(self, frame: av.AudioFrame | None) -> None:
        """None is the end: the resampler gives back what it held for its filter."""
        for part in self._resampler.resample(frame):
            samples: Samples = part.to_ndarray().astype(np.float32, copy=False)
            self._waiting.append(samples)
            self._length += samples.shape[1]

    @property
    def has_piece(self) -> bool:
        return self._length >= self.piece

    def cut(self) -> Samples:
        joined = np.concatenate(self._waiting, axis=1)
        self._waiting = [joined[:, self.piece :]]
        self._length = self._waiting[0].shape[1]
        return joined[:, : self.piece]


def pieces(audio: Path, formats: Collection[str] = WAV) -> Iterator[Piece]:
    """Decode a file of one of `formats`, which is told by its first bytes and not by its name.

    Raises Rejected for what is not audio, OurOutage for what cannot be read.
    """
    demuxer = _format_of(audio)
    if demuxer not in formats:
        raise _not_audio()
    try:
        with av.open(str(audio), format=demuxer, options=READ_AT_ONCE if demuxer == "wav" else {}) as container:
            yield from _pieces(container)
    except av.FFmpegError as error:
        raise _not_audio() from error


def is_copied(channels: Samples) -> bool:
    """Whether two channels hold the same, but for what a line's coding changes. Silence is no copy of silence."""
    if len(channels) < 2 or not channels.size:
        return False
    sound, difference = float(np.mean(channels**2)), float(np.mean((channels[0] - channels[1]) ** 2))
    return sound > SILENCE and difference < COPY_DIFFERENCE * sound


def mixed_down(piece: Piece) -> Piece:
    """Both channels as one, so that a copy that ends being one loses nobody's words."""
    return replace(piece, wide=piece.wide.mean(axis=0, keepdims=True), narrow=piece.narrow.mean(axis=0, keepdims=True))


def _pieces(container: av.container.InputContainer) -> Iterator[Piece]:
    if not container.streams.audio:
        raise _not_audio()
    stream = container.streams.audio[0]
    wide, narrow = _Tape(WIDE, stream.channels), _Tape(NARROW, stream.channels)
    length = (container.duration or 0) / av.time_base
    read = 0
    for frame in container.decode(stream):
        wide.append(frame)
        narrow.append(frame)
        if wide.has_piece and narrow.has_piece:
            read += PIECE_SECONDS
            yield Piece(wide.cut(), narrow.cut(), min(read / length, 1.0) if length else 0.0, is_last=False)
    wide.append(None)
    narrow.append(None)
    yield Piece(wide.cut(), narrow.cut(), 1.0, is_last=True)


def _format_of(audio: Path) -> str | None:
    try:
        with audio.open("rb") as file:
            start = file.read(12)
    except OSError as error:
        raise OurOutage("storage_error", "The recording could not be read from storage.") from error
    if start[:4] in (b"RIFF", b"RF64") and start[8:] == b"WAVE":
        return "wav"
    if start[:4] == b"fLaC":
        return "flac"
    return "mp3" if start[:3] == b"ID3" or _is_mpeg_frame(start) else None


def _is_mpeg_frame(start: bytes) -> bool:
    """Eleven bits of one, then a version and a layer that exist."""
    return len(start) > 1 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0 and start[1] & 0x06 != 0


def _not_audio() -> Rejected:
    return Rejected("not_audio", "The file is not audio that can be played.", outcome="not_audio")
