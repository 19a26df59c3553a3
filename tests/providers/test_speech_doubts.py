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


def lone_sign(**other: object) -> Decoded:
    facts = {"text": "We deliver it on Thursday", "tokens": [], "logprob": -0.1, "no_speech": 0.0, "seconds": 2.0}
    return Decoded(**facts | other)  # type: ignore[arg-type]


SIGNS: list[dict[str, object]] = [
    {"no_speech": 0.8},
    {"logprob": -0.9},
    {"text": "Halt", "seconds": 8.0},
    {"is_sampled": True},
]


@pytest.mark.parametrize("sign", SIGNS)
def test_one_sign_of_nobody_speaking_happens_to_real_speech(sign: dict[str, object]) -> None:
    assert not lone_sign(**sign).is_invented


@pytest.mark.parametrize("first", SIGNS)
def test_two_signs_are_too_many(first: dict[str, object]) -> None:
    assert all(lone_sign(**first | second).is_invented for second in SIGNS if second != first)


@pytest.mark.parametrize("text", ["Halt! Halt! Halt!", "1.5% 1.5% 1.5% 1.5%", "Be Be Be Be", "no, no, no"])
def test_one_thing_again_and_again_is_hardly_a_word(text: str) -> None:
    assert lone_sign(text=text).is_thin
    assert not lone_sign(text="no, no, not on Thursday").is_thin
