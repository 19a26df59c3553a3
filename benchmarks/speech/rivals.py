"""Four ways to use faster-whisper as a user would write them, and ours; each loads its model once.

A system is made with a model's folder and gives, for a recording and its language, the words of each channel.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from faster_whisper import BatchedInferencePipeline, WhisperModel, decode_audio  # type: ignore[import-untyped]

from providers.speech import BY_HAND, WhisperTranscriber

Words = Mapping[int, str]
System = Callable[[Path, str], Words]

OURS = "ours"
REFERENCE = "batched, VAD .2"
SOFT_DETECTOR = {"vad_parameters": {"threshold": 0.2}}


def ours(folder: Path) -> System:
    """As a worker does it."""
    transcriber = WhisperTranscriber(str(folder))
    transcriber.warm()

    def transcribe(audio: Path, language: str) -> Words:
        turns = transcriber.transcribe(audio, languages=[language], formats=BY_HAND).turns
        channels = {turn.channel for turn in turns}
        return {number: " ".join(turn.text for turn in turns if turn.channel == number) for number in channels}

    return transcribe


def two_passes(folder: Path, **options: Any) -> System:
    """One channel after the other."""
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    return partial(_each_channel, partial(whisper.transcribe, **options))


def batched(folder: Path, **options: Any) -> System:
    """faster-whisper's own fast way."""
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    return partial(_each_channel, partial(BatchedInferencePipeline(whisper).transcribe, **options))


def _each_channel(transcribe: Callable[..., Any], audio: Path, language: str) -> Words:
    channels = decode_audio(str(audio), split_stereo=True)
    return {number: _joined(transcribe(samples, language=language)[0]) for number, samples in enumerate(channels)}


def _joined(segments: Any) -> str:
    return " ".join(segment.text.strip() for segment in segments)


SYSTEMS: Mapping[str, Callable[[Path], System]] = {
    OURS: ours,
    "two passes, defaults": two_passes,
    "two passes, vad_filter": partial(two_passes, vad_filter=True),
    "batched, defaults": batched,
    REFERENCE: partial(batched, **SOFT_DETECTOR),
}
