from collections.abc import Sequence

import numpy as np
import pytest

from providers.speech.decode import WIDE, Samples
from providers.speech.hearing import hear
from providers.speech.turns import Turn
from providers.speech.utterances import Utterance
from providers.speech.whisper import Word
from providers.speech.windows import Window

SENTENCE, DIGITS = 1.0, 2.0  # what the samples of an utterance are filled with
TEXTS = {SENTENCE: "we deliver it on Thursday", DIGITS: "four seven two nine"}


class Listener:
    """Hears what the samples say, but no digits where a sentence is near; `lost` is never heard at all."""

    def __init__(self, lost: float | None = None) -> None:
        self.lost = lost
        self.windows = 0

    def words(
        self, windows: Sequence[Samples], language: str, lone: Sequence[bool], on_part: object
    ) -> list[list[Word]]:
        self.windows += len(windows)
        return [self._words(samples) for samples in windows]

    def _words(self, samples: Samples) -> list[Word]:
        said = {value: np.flatnonzero(samples == value) / WIDE for value in TEXTS if value in samples}
        unheard = {self.lost, DIGITS if SENTENCE in said else None}
        return [
            Word(f" {word}", places[0], places[-1])
            for value, places in said.items()
            if value not in unheard
            for word in TEXTS[value].split()
        ]


def utterance(start: float, seconds: float, value: float) -> Utterance:
    return Utterance(1, start, start + seconds, np.full(round(seconds * WIDE), value, dtype=np.float32))


def test_the_words_of_a_window_go_back_to_the_utterances_they_were_said_in() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(70, 0.5, DIGITS)])
    listener = Listener(lost=DIGITS)

    assert hear(listener, [window], "en") == [Turn(1, 3, 5, TEXTS[SENTENCE])]
    assert listener.windows == 1  # half a second may well be a cough


def test_digits_lost_among_sentences_are_heard_again_by_themselves() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)])

    assert hear(Listener(), [window], "en") == [Turn(1, 3, 5, TEXTS[SENTENCE]), Turn(1, 10, 13, TEXTS[DIGITS])]


def test_an_utterance_that_is_lost_again_leaves_the_others_as_they_were() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)])

    assert hear(Listener(lost=DIGITS), [window], "en") == [Turn(1, 3, 5, TEXTS[SENTENCE])]


def test_a_number_written_in_figures_is_as_many_words_as_it_has_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, SENTENCE, "4-7-2-9")
    listener = Listener()

    hear(listener, [Window(1, [utterance(0, 3, SENTENCE), utterance(9, 0.5, DIGITS)])], "en")

    assert listener.windows == 1


def test_a_window_where_nothing_is_missing_is_decoded_once() -> None:
    listener = Listener()

    hear(listener, [Window(1, [utterance(0, 2, SENTENCE)])], "en")

    assert listener.windows == 1


def test_each_of_several_windows_gets_its_own_words_and_only_those_with_a_loss_are_heard_again() -> None:
    whole = Window(0, [utterance(0, 2, SENTENCE)])
    with_loss = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)])
    listener = Listener()

    turns = hear(listener, [whole, with_loss], "en")

    assert [(turn.channel, turn.text) for turn in turns] == [
        (0, TEXTS[SENTENCE]),
        (1, TEXTS[SENTENCE]),
        (1, TEXTS[DIGITS]),
    ]
    assert listener.windows == 2 + 2


def test_a_turn_is_trusted_as_much_as_its_words() -> None:
    class Unsure(Listener):
        def _words(self, samples: Samples) -> list[Word]:
            return [Word(" Maple", 0.1, 0.5, trust=0.9), Word(" Street", 0.6, 1.0, trust=0.4)]

    (turn,) = hear(Unsure(), [Window(1, [utterance(0, 2, SENTENCE)])], "en")

    assert (turn.text, turn.trust) == ("Maple Street", 0.65)
