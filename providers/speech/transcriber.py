"""From a recording to its turns: detect speech, pack it into windows, decode them, put the words in order."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from providers.speech import models
from providers.speech.decode import WAV, Piece, is_copied, mixed_down, pieces
from providers.speech.detect import Listening, SpeechDetector
from providers.speech.hearing import hear
from providers.speech.turns import Transcription, Turn, in_order
from providers.speech.utterances import Channel
from providers.speech.whisper import Whisper
from providers.speech.windows import Packer, Window

Progress = Callable[[int, Sequence[Turn]], None]

ASKED_WINDOWS: Final = 2  # for the language: one window can mislead, more cost as much as they are worth
DETECTION_SHARE: Final = 0.1  # of a piece's work, before its first window is decoded


def _unwatched(percent: int, turns: Sequence[Turn]) -> None:
    """Progress that nobody asked for."""


class WhisperTranscriber:
    """Transcribes recordings with one model, which is loaded by `warm` or by the first recording and kept."""

    def __init__(self, model: str, device: str = "auto", compute_type: str = "auto", language: str = "auto") -> None:
        self.model = model
        self._device = device
        self._compute_type = compute_type
        self._language = language
        self._loading = Lock()
        self._loaded: tuple[Whisper, SpeechDetector] | None = None

    def warm(self) -> None:
        """Load the model if it is not loaded. Call it after a fork: a child with the parent's model hangs."""
        self._load()

    def transcribe(
        self,
        audio: Path,
        *,
        language: str | None = None,
        on_progress: Progress = _unwatched,
        formats: Collection[str] = WAV,
    ) -> Transcription:
        """The whole recording.

        `on_progress` gets a percentage under 100 and all turns so far, at least with each window; what it raises
        ends the work and comes through. `language` None means the one of the constructor.
        Raises Rejected for what is not audio, Unavailable when the file or the model is not there.
        """
        whisper, detector = self._load()
        wanted = language or self._language
        work = _Work(whisper, detector, None if wanted == "auto" else wanted, on_progress)
        work.run(pieces(audio, formats))
        return Transcription(
            work.language, round(work.seconds, 3), work.channels, models.label(self.model), in_order(work.turns)
        )

    def _load(self) -> tuple[Whisper, SpeechDetector]:
        with self._loading:
            if self._loaded is None:
                folder = models.find(self.model)
                self._loaded = Whisper(folder, self._device, self._compute_type), SpeechDetector()
            return self._loaded


class _Work:
    """One recording on its way."""

    def __init__(self, whisper: Whisper, detector: SpeechDetector, language: str | None, on_progress: Progress) -> None:
        self.turns: list[Turn] = []
        self.seconds = 0.0
        self.language = whisper.language(language)
        self.channels = 0
        self._whisper = whisper
        self._detector = detector
        self._on_progress = on_progress
        self._listening: Listening
        self._tracks: list[tuple[Channel, Packer]] = []
        self._waiting: list[Window] = []
        self._is_copied = False

    def run(self, recording: Iterator[Piece]) -> None:
        done = 0.0
        self._report(done)
        for whole in recording:
            if not self._tracks:
                self._open(whole)
            piece = mixed_down(whole) if self._is_copied else whole
            windows = self._windows(piece)
            begun = done + (piece.share - done) * DETECTION_SHARE
            self._report(begun)
            self._waiting += windows
            self._decode(begun, piece.share, is_last=piece.is_last)
            done = piece.share

    def _open(self, first: Piece) -> None:
        """One channel copied into both holds both speakers: nobody can tell them apart, and once is enough."""
        self._is_copied = is_copied(first.wide)
        self.channels = 1 if self._is_copied else len(first.wide)
        self._listening = self._detector.listen(self.channels)
        self._tracks = [(Channel(number), Packer(number)) for number in range(self.channels)]

    def _windows(self, piece: Piece) -> list[Window]:
        """What is ready to be decoded with this piece, in time order, so that a call can be read from its start."""
        self.seconds += piece.seconds
        heard = self._listening.probabilities(piece.narrow)
        windows: list[Window] = []
        for (channel, packer), samples, probabilities in zip(self._tracks, piece.wide, heard, strict=True):
            utterances = channel.hear(samples, probabilities, is_last=piece.is_last)
            windows += packer.pack(utterances, heard_until=self.seconds, is_last=piece.is_last)
        return sorted(windows, key=lambda window: window.start)

    def _decode(self, begun: float, share: float, *, is_last: bool) -> None:
        """Batch by batch, windows of like length together; what fills none waits for the next piece."""
        size = self._whisper.batch
        batches = -(-len(self._waiting) // size) if is_last else len(self._waiting) // size
        ready, self._waiting = self._waiting[: batches * size], self._waiting[batches * size :]
        ready.sort(key=lambda window: window.seconds)
        for number in range(batches):
            self.language = self.language or self._spoken(ready)
            start, each = begun + (share - begun) * number / batches, (share - begun) / batches
            batch = ready[number * size : (number + 1) * size]
            self.turns += hear(self._whisper, batch, self.language, partial(self._report, start, each))
            self._report(start + each)

    def _spoken(self, windows: list[Window]) -> str:
        longest = sorted(windows, key=lambda window: window.seconds, reverse=True)[:ASKED_WINDOWS]
        heard = [self._whisper.languages(window.samples()) for window in longest]
        return max(heard[0], key=lambda language: sum(ranking[language] for ranking in heard))

    def _report(self, done: float, of: float = 0, part: float = 0) -> None:
        """`done` of the recording, and a part of what comes next."""
        self._on_progress(min(int((done + of * part) * 100), 99), in_order(self.turns))
