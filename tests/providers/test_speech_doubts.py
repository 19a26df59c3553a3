import pytest

from providers.speech.decoded import Decoded


def decoded(text: str, logprob: float = -0.1, no_speech: float = 0.0) -> Decoded:
    return Decoded(text, [], logprob, no_speech)


def test_a_sure_sentence_is_believed() -> None:
    sentence = decoded("We deliver it on Thursday.")

    assert not sentence.is_doubtful
    assert not sentence.is_invented


def test_an_unsure_sentence_is_worth_another_look_but_is_not_thrown_away() -> None:
    sentence = decoded("We deliver it on Thursday.", logprob=-0.5)

    assert sentence.is_doubtful
    assert not sentence.is_bad
    assert not sentence.is_invented


def test_a_loop_is_invented_however_probable_it_is() -> None:
    assert decoded("thank you for watching " * 10, logprob=-0.01).is_invented


def test_six_words_said_twice_are_doubtful() -> None:
    assert decoded("I will call you back today and I will call you back today").is_doubtful


@pytest.mark.parametrize("text", ["", " ", "...", "- ? !"])
def test_text_without_a_letter_or_digit_is_no_text(text: str) -> None:
    assert decoded(text).is_invented


def test_digits_and_hebrew_are_text() -> None:
    assert not decoded("4729").is_invented
    assert not decoded("שלום").is_invented


def test_words_that_neither_the_model_nor_the_silence_believes_in_are_dropped() -> None:
    assert decoded("you", logprob=-1.5, no_speech=0.9).is_invented
    assert not decoded("you", logprob=-1.5, no_speech=0.1).is_invented
    assert not decoded("you", logprob=-0.5, no_speech=0.9).is_invented


def test_the_surer_attempt_wins_unless_it_loops() -> None:
    loop, unsure, sure = decoded("na " * 50, -0.01), decoded("Tuesday", -0.9), decoded("Thursday", -0.3)

    assert loop.or_better(unsure) is unsure
    assert sure.or_better(unsure) is sure
    assert unsure.or_better(sure) is sure
