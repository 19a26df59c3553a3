"""Whisper on one window of speech: from samples to words with their places."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-untyped]
from faster_whisper.tokenizer import Tokenizer  # type: ignore[import-untyped]
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations  # type: ignore[import-untyped]

from providers.errors import OurOutage, Unavailable
from providers.speech.decode import WIDE, Samples
from providers.speech.decoded import Decoded

ENGLISH: Final = "en"  # all that models which are not multilingual know

FRAMES_PER_SECOND: Final = 100
FRAMES_STEP: Final = 100  # few distinct lengths, so that buffers are used again
LEAST_FRAMES: Final = 1500  # in shorter encodings short windows are said twice
MOST_FRAMES: Final = 3000  # what the encoder has positions for
TAIL_SECONDS: Final = 1.5  # without room after the speech its last words are lost

SPARE_TOKENS: Final = 16  # the rate alone would cut short windows off
MOST_TOKENS: Final = 448  # what the decoder has positions for
TEMPERATURES: Final = (0.2, 0.4, 0.6)  # only where the sure searches came to nothing

OPENING_MARKS: Final = "\"'“¿([{-"
CLOSING_MARKS: Final = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True)
class Search:
    """How widely a language is searched, in beams tried while in doubt, and the tokens a second that are no loop."""

    beams: tuple[int, ...]
    tokens_per_second: int


IN_ENGLISH: Final = Search(beams=(1, 5), tokens_per_second=7)
IN_OTHERS: Final = Search(beams=(5,), tokens_per_second=14)  # Hebrew needs more tokens a word, and is always in doubt


@dataclass(frozen=True)
class Word:
    """A word as written, with the space before it, and where it lies in the window, in seconds."""

    text: str
    start: float
    end: float


class Whisper:
    """A loaded model. Raises Unavailable where it cannot be loaded or gives up."""

    def __init__(self, folder: Path, device: str, compute_type: str) -> None:
        device, compute_type = _placed(device, compute_type)
        with _translated("The speech model could not be loaded on this device.", RuntimeError, ValueError):
            # One thread: two for one call are slower than one, and there is a worker process for each core.
            self._model: Any = WhisperModel(str(folder), device=device, compute_type=compute_type, cpu_threads=1)

    def language(self, wanted: str | None) -> str | None:
        """The language to write in; None when it is still to be heard."""
        if not self._model.model.is_multilingual:
            return ENGLISH
        if wanted and wanted not in self._model.supported_languages:
            raise OurOutage("no_model", f"The speech model does not know the language {wanted!r}.")
        return wanted

    def languages(self, samples: Samples) -> dict[str, float]:
        """How probable each language is."""
        with _translated("The speech model failed.", RuntimeError):
            (ranking,) = self._model.model.detect_language(self._encode(samples))
        return {token[2:-2]: probability for token, probability in ranking}

    def words(self, samples: Samples, language: str) -> list[Word]:
        """What is said in a window; no words where the model only invents."""
        seconds = len(samples) / WIDE
        with _translated("The speech model failed.", RuntimeError):
            tokenizer = Tokenizer(
                self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
            )
            encoding = self._encode(samples)
            decoded = self._best(encoding, tokenizer, seconds, IN_ENGLISH if language == ENGLISH else IN_OTHERS)
            return [] if decoded.is_invented else self._placed_words(encoding, tokenizer, decoded, seconds)

    def _encode(self, samples: Samples) -> Any:
        """Only as many frames as the window needs: the full 30 s cost three times as much."""
        features = self._model.feature_extractor(samples)
        known = features.shape[1]
        wanted = known + TAIL_SECONDS * FRAMES_PER_SECOND
        frames = min(max(int(np.ceil(wanted / FRAMES_STEP)) * FRAMES_STEP, LEAST_FRAMES), MOST_FRAMES)
        # Zero features rather than silence, which the model tries to transcribe.
        return self._model.encode(np.pad(features, ((0, 0), (0, frames - known))))

    def _best(self, encoding: Any, tokenizer: Any, seconds: float, search: Search) -> Decoded:
        most = SPARE_TOKENS + round(search.tokens_per_second * seconds)
        first, *wider = search.beams
        best = self._decode(encoding, tokenizer, most, beam=first)
        for beam in wider:
            if best.is_doubtful:
                best = best.or_better(self._decode(encoding, tokenizer, most, beam=beam))
        for temperature in TEMPERATURES:
            if best.is_bad:
                best = best.or_better(self._decode(encoding, tokenizer, most, temperature=temperature))
        return best

    def _decode(self, encoding: Any, tokenizer: Any, most: int, *, beam: int = 1, temperature: float = 0.0) -> Decoded:
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        (found,) = self._model.model.generate(
            encoding,
            [prompt],
            beam_size=beam,
            max_length=min(len(prompt) + most, MOST_TOKENS),
            sampling_temperature=temperature or 1.0,
            sampling_topk=0 if temperature else 1,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = found.sequences_ids[0]
        # The score is a mean without the end mark, whose probability it contains.
        logprob = found.scores[0] * len(tokens) / (len(tokens) + 1)
        return Decoded(tokenizer.decode(tokens).strip(), tokens, logprob, found.no_speech_prob)

    def _placed_words(self, encoding: Any, tokenizer: Any, decoded: Decoded, seconds: float) -> list[Word]:
        tokens = [token for token in decoded.tokens if token < tokenizer.eot]
        (words,) = self._model.find_alignment(tokenizer, [tokens], encoding, round(seconds * FRAMES_PER_SECOND))
        merge_punctuations(words, OPENING_MARKS, CLOSING_MARKS)
        return [Word(word["word"], float(word["start"]), float(word["end"])) for word in words if word["word"]]


@contextmanager
def _translated(message: str, *raised: type[Exception]) -> Iterator[None]:
    """What CTranslate2 raises for memory, devices and broken files alike."""
    try:
        yield
    except raised as error:
        raise Unavailable("model_error", message) from error


def _placed(device: str, compute_type: str) -> tuple[str, str]:
    """On a GPU where there is one; int8 on a CPU is 1.6 to 1.9 times as fast as float32."""
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    if compute_type == "auto":
        compute_type = "float16" if device == "cuda" else "int8"
    return device, compute_type
