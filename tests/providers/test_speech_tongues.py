"""Which language is spoken, by whom."""

from dataclasses import replace

import numpy as np

from providers.speech.decode import WIDE
from providers.speech.tongues import Tongues
from providers.speech.turns import Turn, main_language
from providers.speech.utterances import Utterance
from providers.speech.windows import Window

HEBREW, ENGLISH = {"he": 0.9, "en": 0.1, "fr": 0.0}, {"he": 0.05, "en": 0.9, "fr": 0.05}
UNCLEAR = {"he": 0.3, "en": 0.1, "fr": 0.6}


def window(channel: int, seconds: float) -> Window:
    return Window(channel, [Utterance(channel, 0, seconds, np.zeros(round(seconds * WIDE), dtype=np.float32))], gap=0.2)


def test_the_only_language_there_can_be_needs_no_hearing() -> None:
    assert Tongues(["he"]).known == "he"
    assert Tongues(["he", "en"]).known is None


def test_a_language_that_cannot_be_is_not_heard_however_it_sounds() -> None:
    assert Tongues(["he", "en"]).follow([window(0, 5)], [UNCLEAR]) == ["he"]
    assert Tongues([]).follow([window(0, 5)], [UNCLEAR]) == ["fr"]


def test_two_who_speak_different_languages_are_each_written_in_their_own() -> None:
    tongues = Tongues(["he", "en"])

    first = tongues.follow([window(0, 12), window(1, 12)], [HEBREW, ENGLISH])
    later = tongues.follow([window(1, 10), window(0, 10)], [ENGLISH, HEBREW])

    assert (first, later) == (["he", "en"], ["en", "he"])


def test_a_short_word_that_could_be_any_language_is_in_that_of_the_sentences_before_it() -> None:
    tongues = Tongues([])
    tongues.follow([window(0, 14)], [HEBREW])

    assert tongues.follow([window(0, 1.5)], [UNCLEAR]) == ["he"]
    assert tongues.follow([window(1, 1.5)], [UNCLEAR]) == ["he"]  # nor has the other side said anything else yet


def test_somebody_may_go_on_in_another_language() -> None:
    tongues = Tongues(["he", "en"])
    tongues.follow([window(0, 14), window(0, 14)], [HEBREW, HEBREW])

    assert tongues.follow([window(0, 12)], [ENGLISH]) == ["en"]


def test_a_call_is_in_the_language_that_most_of_it_is_in() -> None:
    hebrew, english = Turn(0, 0, 14, "שלום", language="he"), Turn(1, 15, 27, "Hello", language="en")

    assert main_language([hebrew, english]) == "he"
    assert main_language([hebrew, english, replace(english, start=28, end=40)]) == "en"
    assert main_language([]) is None
