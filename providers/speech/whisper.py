"""Whisper on one window of speech: from samples to words with their places."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-untyped]
from faster_whisper.tokenizer import Tokenizer  # type: ignore[import-untyped]
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations  # type: ignore[import-untyped]
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from providers.errors import Unavailable
from providers.speech.decode import WIDE, Samples
from providers.speech.decoded import Decoded
from providers.speech.turns import Word

ENGLISH: Final = "en"  # all that models which are not multilingual know

FRAMES_PER_SECOND: Final = 100
FRAMES_STEP: Final = 100  # few distinct lengths, so that buffers are used again
MOST_FRAMES: Final = 3000  # what the encoder has positions for
TAIL_SECONDS: Final = 1.5  # without room after the speech its last words are lost

SPARE_TOKENS: Final = 16  # the rate alone would cut short windows off
MOST_TOKENS: Final = 448  # what the decoder has positions for
MOST_HINTS: Final = 64  # tokens, some twenty names: each is read again for every window
BATCH: Final = {"cpu": 4, "cuda": 16}  # windows decoded together: more cost as much each, and come later
HOST: Final = ctranslate2.Device.cpu

TEMPERATURES: Final = (0.2, 0.4, 0.6)  # only where the sure searches came to nothing

States = NDArray[np.float32]
"""What the encoder makes of windows: one row each."""

Part = Callable[[float], None]
"""Hears how much of the work is done."""


def unwatched(part: float) -> None:
    """Nobody asked."""


ENCODED_PART: Final = 0.4  # of the work on a batch
DECODED_PART: Final = 0.9

OPENING_MARKS: Final = "\"'“¿([{-"
CLOSING_MARKS: Final = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True)
class Search:
    """How a language is searched: in beams that are tried while in doubt, up to so many tokens a second, which are no
    loop yet; in encodings of at least so many frames, since in shorter ones short windows are said twice; with so many
    seconds of nothing between the utterances of a window."""

    beams: tuple[int, ...]
    tokens_per_second: int
    least_frames: int
    gap: float


IN_ENGLISH: Final = Search(beams=(1, 5), tokens_per_second=7, least_frames=1000, gap=0.4)
IN_OTHERS: Final = Search(beams=(5,), tokens_per_second=14, least_frames=1500, gap=0.2)
"""Hebrew takes more tokens, and is always in doubt."""


def search_in(language: str | None) -> Search:
    """That of a language, or of one that is not known yet."""
    return IN_ENGLISH if language == ENGLISH else IN_OTHERS


@dataclass(frozen=True)
class Encoded:
    """Windows as the encoder sees them, and how many seconds each has."""

    states: States
    seconds: Sequence[float]

    def only(self, places: Sequence[int]) -> "Encoded":
        """Those windows alone."""
        return Encoded(self.states[list(places)], [self.seconds[place] for place in places])


class Cap(NamedTuple):
    """A window's length, and the most tokens that can have been said in it: whatever comes after them is a loop."""

    seconds: float
    tokens: int


class Whisper:
    """A loaded model. Raises Unavailable where it cannot be loaded or gives up."""

    def __init__(self, folder: Path, device: str, compute_type: str) -> None:
        device, compute_type = _placed(device, compute_type)
        threadpool_limits(1, user_api="blas")  # numpy's: after each window's features they spin on, for no gain
        with _translated("The speech model could not be loaded on this device.", RuntimeError, ValueError):
            # One thread: two for one call are slower than one, and there is a worker process for each core.
            self._model: Any = WhisperModel(str(folder), device=device, compute_type=compute_type, cpu_threads=1)
        self.batch = BATCH[device]
        self._compute_type = compute_type

    @property
    def settings(self) -> dict[str, object]:
        """What it runs with, for the log."""
        device = self._model.model.device
        return {"device": device, "compute_type": self._compute_type, "batch": self.batch, "threads": 1}

    @property
    def only(self) -> tuple[str, ...]:
        """What is written whatever is spoken; nothing where there is a choice."""
        return () if self.is_multilingual else (ENGLISH,)

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows more than English."""
        return bool(self._model.model.is_multilingual)

    def known(self, languages: Collection[str]) -> tuple[str, ...]:
        """Those of `languages` that the model can write."""
        return tuple(language for language in languages if self._knows(language))

    def _knows(self, language: str) -> bool:
        if not self.is_multilingual:
            return language == ENGLISH
        named = self._model.hf_tokenizer.token_to_id(f"<|{language}|>")  # the latest models have one more than others
        return language in self._model.supported_languages and named is not None

    def languages(self, encoded: Encoded) -> list[Mapping[str, float]]:
        """How probable each language is, in each window."""
        with _translated("The speech model failed.", RuntimeError):
            rankings = self._model.model.detect_language(_view(encoded.states))
        return [{token[2:-2]: probability for token, probability in ranking} for ranking in rankings]

    def words(self, encoded: Encoded, language: str, hints: str = "", on_part: Part = unwatched) -> list[list[Word]]:
        """What is said in each window; no words where the model only invents.

        `hints` are names and terms that may be said, in the spelling in which they are wanted.
        """
        with _translated("The speech model failed.", RuntimeError):
            tokenizer = Tokenizer(self._model.hf_tokenizer, self.is_multilingual, task="transcribe", language=language)
            prompted, search = _Prompted(tokenizer, hints), search_in(language)
            decoded = self._best(encoded, prompted, search)
            echoes = [place for place, whole in enumerate(decoded) if prompted.is_echoed_in(whole.text)]
            if echoes:
                unprompted = self._best(encoded.only(echoes), _Prompted(tokenizer, ""), search)
                for place, whole in zip(echoes, unprompted, strict=True):
                    decoded[place] = whole
            on_part(DECODED_PART)
            believed = [place for place, whole in enumerate(decoded) if not whole.is_invented]
            placed = self._placed_words(encoded.only(believed), prompted, [decoded[place] for place in believed])
            words = dict(zip(believed, placed, strict=True))
            return [words.get(place, []) for place in range(len(decoded))]

    def encode(self, windows: Sequence[Samples], language: str | None, on_part: Part = unwatched) -> Encoded:
        """What the encoder makes of windows whose language may still be unknown.

        Only as many frames as the longest window needs: the full 30 s cost three times as much.
        One by one on a CPU, where a batch is encoded at a higher price, and decoded at half of it.
        """
        with _translated("The speech model failed.", RuntimeError):
            least = search_in(language).least_frames
            return Encoded(self._encode(windows, least, on_part), [len(samples) / WIDE for samples in windows])

    def _encode(self, windows: Sequence[Samples], least_frames: int, on_part: Part) -> States:
        features = [self._model.feature_extractor(samples) for samples in windows]
        wanted = max(known.shape[1] for known in features) + TAIL_SECONDS * FRAMES_PER_SECOND
        frames = min(max(int(np.ceil(wanted / FRAMES_STEP)) * FRAMES_STEP, least_frames), MOST_FRAMES)
        # Zero features rather than silence, which the model tries to transcribe.
        padded = [np.pad(known, ((0, 0), (0, frames - known.shape[1]))) for known in features]
        at_once = len(padded) if self._model.model.device == "cuda" else 1
        encoded = []
        for first in range(0, len(padded), at_once):
            part = np.stack(padded[first : first + at_once])
            encoded.append(np.asarray(self._model.encode(part).to_device(HOST)))
            on_part(ENCODED_PART * (first + len(part)) / len(padded))
        return np.concatenate(encoded)

    def _best(self, encoded: Encoded, prompted: "_Prompted", search: Search) -> list[Decoded]:
        """Each window is searched as widely as its doubts ask for, those with the same doubts together."""
        caps = [Cap(length, SPARE_TOKENS + round(search.tokens_per_second * length)) for length in encoded.seconds]
        best: list[Decoded] = []

        def look(places: Sequence[int], **how: Any) -> None:
            if places:
                found = self._decode(encoded.only(places), prompted, [caps[place] for place in places], **how)
                for place, other in zip(places, found, strict=True):
                    best[place] = best[place].or_better(other)

        first, *wider = search.beams
        best += self._decode(encoded, prompted, caps, beam=first)
        for beam in wider:
            look([place for place, found in enumerate(best) if found.is_doubtful], beam=beam)
        for temperature in TEMPERATURES:
            look([place for place, found in enumerate(best) if found.is_bad], temperature=temperature)
        return best

    def _decode(
        self, encoded: Encoded, prompted: "_Prompted", caps: Sequence[Cap], *, beam: int = 1, temperature: float = 0.0
    ) -> list[Decoded]:
        found = self._model.model.generate(
            _view(encoded.states),
            [prompted.tokens] * len(caps),
            beam_size=beam,
            max_length=_max_length(len(prompted.tokens), max(cap.tokens for cap in caps)),
            sampling_temperature=temperature or 1.0,
            sampling_topk=0 if temperature else 1,
            suppress_tokens=get_suppressed_tokens(prompted.tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [
            _decoded(prompted.tokenizer, one, cap, is_sampled=temperature > 0)
            for one, cap in zip(found, caps, strict=True)
        ]

    def _placed_words(self, encoded: Encoded, prompted: "_Prompted", decoded: Sequence[Decoded]) -> list[list[Word]]:
        if not decoded:
            return []
        tokenizer = prompted.tokenizer
        tokens = [[token for token in whole.tokens if token < tokenizer.eot] for whole in decoded]
        frames = [round(length * FRAMES_PER_SECOND) for length in encoded.seconds]
        found = self._model.find_alignment(tokenizer, tokens, _view(encoded.states), frames)
        for words in found:
            merge_punctuations(words, OPENING_MARKS, CLOSING_MARKS)
        return [
            [
                Word(word["word"], float(word["start"]), float(word["end"]), float(word["probability"]))
                for word in words
                if word["word"]
            ]
            for words in found
        ]


class _Prompted:
    """A language's tokenizer, and what the decoder is given before it begins."""

    def __init__(self, tokenizer: Any, hints: str) -> None:
        self.tokenizer = tokenizer
        self._words = _words(hints)
        plain = hints.replace("<|", "")  # what looks like a mark of the model's own would be taken for one
        before = [tokenizer.sot_prev, *tokenizer.encode(f" {plain}")[:MOST_HINTS]] if plain else []
        self.tokens = [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def is_echoed_in(self, text: str) -> bool:
        """Whether a text is nothing but hints: on tones and music the model repeats what it was told."""
        words = _words(text)
        return bool(words) and words <= self._words


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _max_length(prompt: int, tokens: int) -> int:
    """CTranslate2 generates no more than half of this, nor more than what the prompt leaves of it."""
    return min(max(2 * tokens, prompt + tokens), MOST_TOKENS)


def _view(states: States) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(states))


def _decoded(tokenizer: Any, found: Any, cap: Cap, *, is_sampled: bool) -> Decoded:
    tokens = found.sequences_ids[0]
    # The score is a mean without the end mark, whose probability it contains.
    logprob = found.scores[0] * len(tokens) / (len(tokens) + 1)
    tokens = tokens[: cap.tokens]
    return Decoded(tokenizer.decode(tokens).strip(), tokens, logprob, found.no_speech_prob, cap.seconds, is_sampled)


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
