"""What a recording's file really holds, whatever its headers say."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.error import FFmpegError

from providers.errors import OurOutage, Rejected, Unavailable

MAGIC = b"RIFF"
KIND = b"WAVE"


@dataclass(frozen=True)
class AudioFacts:
    """Measured by decoding all of it: length in seconds."""

    seconds: float
    channels: int


def measure(path: Path) -> AudioFacts:
    """Decode a WAV file to its end. Raises Rejected("not_audio") for anything else, OurOutage when it can't be read."""
    try:
        with path.open("rb") as file:  # read by us, so that errors of our disk are not taken for the file's
            return _decode(file)
    except (FFmpegError, IndexError):
        raise _not_audio() from None
    except OSError:
        raise OurOutage("disk", "Our disk could not give the file back.") from None


def check_length(facts: AudioFacts, announced: int | None) -> None:
    """Raise Unavailable when decoded and announced seconds are further apart than rounding explains."""
    if announced is None:
        if not facts.seconds:
            raise Unavailable("wrong_length", "The file holds no sound at all.")
    elif abs(facts.seconds - announced) > max(2.0, 0.02 * announced):
        raise Unavailable(
            "wrong_length", f"The file lasts {facts.seconds:.0f} s, but the phone company announced {announced} s."
        )


def _decode(file: BinaryIO) -> AudioFacts:
    head = file.read(12)
    if head[:4] != MAGIC or head[8:12] != KIND:
        raise _not_audio()
    file.seek(0)
    with av.open(file, "r", format="wav") as container:  # forced: a text file can name another tenant's audio
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return AudioFacts(samples / stream.rate, stream.codec_context.layout.nb_channels)


def _not_audio() -> Rejected:
    return Rejected("not_audio", "The phone company's file is not audio.", outcome="not_audio")
