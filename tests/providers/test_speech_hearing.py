from collections.abc import Sequence

import numpy as np
import pytest

from providers.speech.decode import WIDE, Samples
from providers.speech.hearing import Manner, hear
from providers.speech.turns import Turn, Word
from providers.speech.utterances import Utterance
from providers.speech.whisper import Encoded, Part, unwatched
from providers.speech.windows import Window

GAP = 0.2
SENTENCE, DIGITS = 1.0, 2.0  # what the samples of an utterance are filled with
TEXTS = {SENTENCE: "we deliver it on Thursday", DIGITS: "four seven two nine"}


class Listener:
    """Hears what the samples say, but no digits where a sentence is near; `lost` is never heard at all."""

    def __init__(self, lost: float | None = None) -> None:
        self.lost = lost
        self.windows = 0

    def encode(self, windows: Sequence[Samples], language: str | None, on_part: Part = unwatched) -> Encoded:
        """The samples themselves, in rows of one length."""
        longest = max(len(samples) for samples in windows)
        rows = np.stack([np.pad(samples, (0, longest - len(samples))) for samples in windows])
        return Encoded(rows, [len(samples) / WIDE for samples in windows])

    def words(self, encoded: Encoded, language: str, hints: str = "", on_part: Part = unwatched) -> list[list[Word]]:
        self.windows += len(encoded.seconds)
        return [self._words(samples) for samples in encoded.states]

    def _words(self, samples: Samples) -> list[Word]:
        said = {value: np.flatnonzero(samples == value) / WIDE for value in TEXTS if value in samples}
        unheard = {self.lost, DIGITS if SENTENCE in said else None}
        return [
            Word(f" {word}", places[0], places[-1])
            for value, places in said.items()
            if value not in unheard
            for word in TEXTS[value].split()
        ]


def said(listener: Listener, *windows: Window) -> list[Turn]:
    encoded = listener.encode([window.samples() for window in windows], "en")
    return hear(listener, windows, encoded, Manner("en"))


def spoken(turns: list[Turn]) -> list[tuple[float, float, str]]:
    return [(turn.start, turn.end, turn.text) for turn in turns]


def utterance(start: float, seconds: float, value: float) -> Utterance:
    return Utterance(1, start, start + seconds, np.full(round(seconds * WIDE), value, dtype=np.float32))


def test_the_words_of_a_window_go_back_to_the_utterances_they_were_said_in() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(70, 0.5, DIGITS)], GAP)
    listener = Listener(lost=DIGITS)

    assert spoken(said(listener, window)) == [(3, 5, TEXTS[SENTENCE])]
    assert listener.windows == 1  # half a second may well be a cough


def test_digits_lost_among_sentences_are_heard_again_by_themselves() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)], GAP)

    assert spoken(said(Listener(), window)) == [(3, 5, TEXTS[SENTENCE]), (10, 13, TEXTS[DIGITS])]


def test_an_utterance_that_is_lost_again_leaves_the_others_as_they_were() -> None:
    window = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)], GAP)

    assert spoken(said(Listener(lost=DIGITS), window)) == [(3, 5, TEXTS[SENTENCE])]


def test_a_number_written_in_figures_is_as_many_words_as_it_has_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, SENTENCE, "4-7-2-9")
    listener = Listener()

    said(listener, Window(1, [utterance(0, 3, SENTENCE), utterance(9, 0.5, DIGITS)], GAP))

    assert listener.windows == 1


def test_a_window_where_nothing_is_missing_is_decoded_once() -> None:
    listener = Listener()

    said(listener, Window(1, [utterance(0, 2, SENTENCE)], GAP))

    assert listener.windows == 1


def test_each_of_several_windows_gets_its_own_words_and_only_those_with_a_loss_are_heard_again() -> None:
    whole = Window(0, [utterance(0, 2, SENTENCE)], GAP)
    with_loss = Window(1, [utterance(3, 2, SENTENCE), utterance(10, 3, DIGITS)], GAP)
    listener = Listener()

    turns = said(listener, whole, with_loss)

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

    (turn,) = said(Unsure(), Window(1, [utterance(0, 2, SENTENCE)], GAP))

    assert (turn.text, turn.trust) == ("Maple Street", 0.65)


def test_each_word_has_its_time_in_the_recording_wherever_it_lay_in_its_window() -> None:
    class Placed(Listener):
        def _words(self, samples: Samples) -> list[Word]:
            return [Word(" One", 0.5, 0.9), Word(" two", 2.8, 3.4), Word(" three", 3.4, 4.9)]

    first = Utterance(1, 10.0, 11.0, np.full(2 * WIDE, SENTENCE, dtype=np.float32), lead=0.4)  # 9.6 to 11.6
    second = Utterance(1, 60.0, 61.0, np.full(2 * WIDE, SENTENCE, dtype=np.float32), lead=0.5)  # .2 s of gap before it

    turns = said(Placed(), Window(1, [first, second], GAP))

    assert [turn.words for turn in turns] == [
        (Word(" One", 10.1, 10.5),),
        (Word(" two", 60.1, 60.7), Word(" three", 60.7, 61.0)),  # nobody speaks longer than the speech
    ]
