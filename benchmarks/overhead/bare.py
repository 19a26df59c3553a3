"""The transcriber alone in a process of its own, warm: `python -m benchmarks.overhead.bare AUDIO HINT…`.

It prints one line of JSON when its model is loaded, {"cpu", "seconds"}; then, for each line on its input, a
number, it transcribes the file that often and prints {"cpu", "seconds", "parts": {name: CPU seconds}}.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import ctranslate2  # type: ignore[import-untyped]
from faster_whisper import WhisperModel  # type: ignore[import-untyped]

from benchmarks.overhead.stopwatch import Stopwatch
from conf.settings import ROOT
from providers.speech import WhisperTranscriber, transcriber
from providers.speech.detect import Listening
from providers.speech.whisper import Whisper

MODEL = "tiny.en"

READING = (transcriber, "pieces", "audio decoding")
PARTS = (
    (Listening, "probabilities", "voice detection"),
    (transcriber, "corrected", "voice detection"),
    (Whisper, "encode", "features"),
    (WhisperModel, "encode", "encoder"),
    (Whisper, "words", "tokens and doubts"),
    (ctranslate2.models.Whisper, "generate", "decoder"),
    (WhisperModel, "find_alignment", "alignment"),
)
"""What belongs to which part of a transcription, without what belongs to another one inside it."""


@dataclass(frozen=True)
class Spent:
    """What some work took: CPU seconds of all threads, seconds by the clock on the wall, CPU seconds by part."""

    cpu: float
    seconds: float
    parts: Mapping[str, float] = field(default_factory=dict)


class BareTranscriber:
    """Such a process; `load` is what the model took to load."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self.load = self.take()

    def begin(self, times: int) -> None:
        """Have the file transcribed so often; `take` waits for the end of it."""
        assert self._child.stdin  # noqa: S101 - for the type checker: it was asked for
        self._child.stdin.write(f"{times}\n")
        self._child.stdin.flush()

    def take(self) -> Spent:
        assert self._child.stdout  # noqa: S101
        return Spent(**json.loads(self._child.stdout.readline()))

    def transcribe(self, times: int) -> Spent:
        self.begin(times)
        return self.take()


@contextmanager
def bare_transcriber(audio: Path, hints: Sequence[str]) -> Iterator[BareTranscriber]:
    """Start one, and end it with the block. It is given the hints that a worker takes from the call's business."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.overhead.bare", str(audio), *hints]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own
        yield BareTranscriber(child)


def main(audio: Path, hints: Sequence[str]) -> None:
    watch = Stopwatch()
    watch.watch_each(*READING)
    for part in PARTS:
        watch.watch(*part)
    begun, cpu = time.monotonic(), time.process_time()
    whisper = WhisperTranscriber(MODEL)
    whisper.warm()
    _tell(begun, cpu, {})
    for line in sys.stdin:
        watch.spent.clear()
        begun, cpu = time.monotonic(), time.process_time()
        for _ in range(int(line)):
            with watch.part("windows and turns"):
                whisper.transcribe(audio, hints=hints)
        _tell(begun, cpu, watch.spent)


def _tell(begun: float, cpu: float, parts: Mapping[str, float]) -> None:
    spent = {"cpu": time.process_time() - cpu, "seconds": time.monotonic() - begun, "parts": parts}
    print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
