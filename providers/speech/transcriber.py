"""From a recording to its turns: detect speech, pack it into windows, decode them, put the words in order."""

import json
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

from conf.logs import log_event
from providers.errors import OurOutage
from providers.speech import models
from providers.speech.decode import WAV, Piece, is_copied, mixed_down, pieces
from providers.speech.detect import Listening, SpeechDetector
from providers.speech.hearing import Manner, hear
from providers.speech.loudness import corrected
from providers.speech.tongues import Tongues
from providers.speech.turns import Transcription, Turn, in_order, main_language
from providers.speech.utterances import Channel
from providers.speech.whisper import Part, Whisper, search_in
from providers.speech.windows import Packer, Window

log = logging.getLogger(__name__)

Progress = Callable[[int, Sequence[Turn]], None]

VERSION: Final = 1  # counted up with every change to how recordings are cut into windows
DETECTION_SHARE: Final = 0.1  # of a piece's work, before its first window is decoded


def _unwatched(percent: int, turns: Sequence[Turn]) -> None:
    """Progress that nobody asked for."""


class WhisperTranscriber:
    """Transcribes recordings with one model, which is loaded by `warm` or by the first recording and kept.

    `language` is the one that is spoken, several that may be (`he,en`), or `auto` for any.
    """

    def __init__(self, model: str, device: str = "auto", compute_type: str = "auto", language: str = "auto") -> None:
        self.model = model
        self._device = device
        self._compute_type = compute_type
        self._languages = () if language == "auto" else tuple(code.strip() for code in language.split(","))
        self._loading = Lock()
        self._loaded: tuple[Whisper, SpeechDetector] | None = None

    @property
    def label(self) -> str:
        """The model's name, without where it lies."""
        return models.label(self.model)

    def fingerprint(self, languages: Collection[str], hints: Sequence[str]) -> str:
        """Of how recordings are cut and read with these; turns with another one are no `earlier` ones."""
        return json.dumps([VERSION, *map(sorted, (self._languages, languages)), *hints], ensure_ascii=False)

    def warm(self) -> None:
        """Load the model if it is not loaded. Call it after a fork: a child with the parent's model hangs.

        Raises Unavailable when the model is not there, or does not know the language.
        """
        self._load()

    def transcribe(
        self,
        audio: Path,
        *,
        languages: Collection[str] = (),
        hints: Sequence[str] = (),
        earlier: Collection[Turn] = (),
        on_progress: Progress = _unwatched,
        formats: Collection[str] = WAV,
    ) -> Transcription:
        """The whole recording.

        `languages` are those that may be spoken; with none that the model knows, it is as the constructor says.
        `hints` are names and terms in their right spelling, the likeliest first.
        `earlier` are turns of this recording that this model had found when its work was cut short: what they stand
        for is not done again.
        `on_progress` gets a percentage under 100 and all turns so far, at least with each window; what it raises
        ends the work and comes through.
        Raises Rejected for what is not audio, Unavailable when the file or the model is not there.
        """
        whisper, detector = self._load()
        wanted = whisper.known(languages)
        if languages and not wanted:
            log_event(log, logging.WARNING, "LANGUAGE_UNKNOWN", model=self.label, languages=",".join(languages))
        tongues = Tongues(wanted or whisper.known(self._languages) or whisper.only)
        work = _Work(whisper, detector, tongues, ", ".join(hints), earlier, on_progress)
        work.run(pieces(audio, formats))
        language = tongues.known or main_language(work.turns)
        return Transcription(language, round(work.seconds, 3), work.channels, self.label, in_order(work.turns))

    def _load(self) -> tuple[Whisper, SpeechDetector]:
        with self._loading:
            if self._loaded is None:
                begun = time.monotonic()
                whisper = Whisper(models.find(self.model), self._device, self._compute_type)
                unknown = set(self._languages) - set(whisper.known(self._languages))
                if unknown and whisper.is_multilingual:
                    named = ", ".join(sorted(unknown))
                    raise OurOutage("no_model", f"The speech model does not know the language {named!r}.")
                self._loaded = whisper, SpeechDetector()
                seconds = round(time.monotonic() - begun, 1)
                log_event(log, logging.INFO, "MODEL_LOADED", model=self.label, seconds=seconds, **whisper.settings)
            return self._loaded


class _Work:
    """One recording on its way."""

    def __init__(
        self,
        whisper: Whisper,
        detector: SpeechDetector,
        tongues: Tongues,
        hints: str,
        earlier: Collection[Turn],
        on_progress: Progress,
    ) -> None:
        self.turns: list[Turn] = []
        self.seconds = 0.0
        self.channels = 0
        self._whisper = whisper
        self._detector = detector
        self._tongues = tongues
        self._hints = hints
        self._earlier = {(turn.channel, turn.start): turn for turn in earlier}
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
            self._waiting += [window for window in windows if not self._is_known(window)]
            self._decode(begun, piece.share, is_last=piece.is_last)
            done = piece.share

    def _open(self, first: Piece) -> None:
        """One channel copied into both holds both speakers: nobody can tell them apart, and once is enough."""
        self._is_copied = is_copied(first.wide)
        self.channels = 1 if self._is_copied else len(first.wide)
        self._listening = self._detector.listen(self.channels)
        gap = search_in(self._tongues.known).gap
        self._tracks = [(Channel(number), Packer(number, gap)) for number in range(self.channels)]

    def _windows(self, piece: Piece) -> list[Window]:
        """What is ready to be decoded with this piece, in time order, so that a call can be read from its start."""
        self.seconds += piece.seconds
        heard = corrected(self._listening.probabilities(piece.narrow), piece.narrow)
        windows: list[Window] = []
        for (channel, packer), samples, probabilities in zip(self._tracks, piece.wide, heard, strict=True):
            utterances = channel.hear(samples, probabilities, is_last=piece.is_last)
            windows += packer.pack(utterances, heard_until=self.seconds, is_last=piece.is_last)
        return sorted(windows, key=lambda window: window.start)

    def _is_known(self, window: Window) -> bool:
        """Whether an earlier attempt has decoded it: then it found all the turns that it has."""
        starts = [(window.channel, round(utterance.start, 2)) for utterance in window.utterances]
        found = [self._earlier[start] for start in starts if start in self._earlier]
        self.turns += found
        return bool(found)

    def _decode(self, begun: float, share: float, *, is_last: bool) -> None:
        """Batch by batch, windows of like length together; what fills none waits for the next piece."""
        size = self._whisper.batch
        batches = -(-len(self._waiting) // size) if is_last else len(self._waiting) // size
        ready, self._waiting = self._waiting[: batches * size], self._waiting[batches * size :]
        ready.sort(key=lambda window: window.seconds)
        for number in range(batches):
            start, each = begun + (share - begun) * number / batches, (share - begun) / batches
            self._hear(ready[number * size : (number + 1) * size], partial(self._report, start, each))
            self._report(start + each)

    def _hear(self, windows: Sequence[Window], on_part: Part) -> None:
        """Each window in its own language, those in the same one together."""
        known = self._tongues.known
        encoded = self._whisper.encode([window.samples() for window in windows], known, on_part)
        spoken = [known] * len(windows) if known else self._tongues.follow(windows, self._whisper.languages(encoded))
        for language in dict.fromkeys(spoken):
            places = [place for place, one in enumerate(spoken) if one == language]
            mine = [windows[place] for place in places]
            self.turns += hear(self._whisper, mine, encoded.only(places), Manner(language, self._hints), on_part)

    def _report(self, done: float, of: float = 0, part: float = 0) -> None:
        """`done` of the recording, and a part of what comes next."""
        self._on_progress(min(int((done + of * part) * 100), 99), in_order(self.turns))
