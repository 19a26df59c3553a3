import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from providers.errors import Rejected, Unavailable
from providers.speech import BY_HAND, ModelMissing, Transcription, Turn, WhisperTranscriber, models
from providers.speech.decode import WIDE, Samples
from providers.speech.detect import Listening, Probabilities
from providers.speech.network import FRAME
from providers.speech.whisper import Encoded, Whisper
from tests.providers.speech_files import (
    DEMO,
    SCRIPT,
    busy,
    conversation,
    hiss,
    hold_music,
    ringing,
    silence,
    write,
    write_empty,
)


@pytest.fixture(scope="module")
def english() -> WhisperTranscriber:
    return WhisperTranscriber("tiny.en")


@pytest.fixture(scope="module")
def call(english: WhisperTranscriber) -> Transcription:
    return english.transcribe(DEMO, formats=BY_HAND)


def spoken_by(call: Transcription, channel: int) -> list[Turn]:
    return [turn for turn in call.turns if turn.channel == channel]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def test_every_turn_is_written_down_on_its_channel_at_its_time(call: Transcription) -> None:
    for said in SCRIPT:
        (turn,) = (turn for turn in spoken_by(call, said["channel"]) if abs(turn.start - said["start"]) < 0.5)
        assert len(words(turn.text) & words(said["text"])) > 0.7 * len(words(said["text"]))
        assert turn.end == pytest.approx(said["end"], abs=0.7)


def test_a_transcription_describes_the_recording(call: Transcription) -> None:
    assert call.seconds == pytest.approx(61.8, abs=0.5)
    assert (call.channels, call.language, call.model) == (2, "en", "tiny.en")


def test_turns_of_both_channels_are_in_the_order_of_time(call: Transcription) -> None:
    assert list(call.turns) == sorted(call.turns, key=lambda turn: (turn.start, turn.channel))
    assert {turn.channel for turn in call.turns} == {0, 1}


def test_numbers_that_were_said_are_written_down(call: Transcription) -> None:
    text = " ".join(turn.text for turn in call.turns)

    assert {"4729", "25", "340"} <= set(re.findall(r"\d+", text))


def test_progress_rises_through_the_work_and_brings_the_first_words_early(english: WhisperTranscriber) -> None:
    seen: list[tuple[int, int]] = []

    def watch(percent: int, turns: Sequence[Turn]) -> None:
        seen.append((percent, len(turns)))

    call = english.transcribe(DEMO, formats=BY_HAND, on_progress=watch)

    percents = [percent for percent, _ in seen]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] < 100
    assert len({percent for percent in percents if 0 < percent < 90}) >= 4
    assert any(0 < turns < len(call.turns) for _, turns in seen)


def test_what_progress_raises_ends_the_work_at_once(english: WhisperTranscriber) -> None:
    reports = 0

    def cancel(percent: int, turns: Sequence[Turn]) -> None:
        nonlocal reports
        reports += 1
        if turns:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        english.transcribe(DEMO, formats=BY_HAND, on_progress=cancel)

    assert reports == 8  # the start, the first piece heard, four windows encoded, then decoded, then their turns


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each window that is decoded in this test."""
    lengths: list[float] = []
    really_encode = Whisper.encode

    def encode(whisper: Whisper, windows: Sequence[Samples], *arguments: Any) -> Encoded:
        lengths.extend(len(samples) / WIDE for samples in windows)
        return really_encode(whisper, windows, *arguments)

    monkeypatch.setattr(Whisper, "encode", encode)
    return lengths


def test_what_an_earlier_attempt_has_found_is_not_decoded_again(
    english: WhisperTranscriber, call: Transcription, decoded: list[float]
) -> None:
    earlier: list[Turn] = []

    def cut_short(percent: int, turns: Sequence[Turn]) -> None:
        earlier.extend(turns)
        if turns:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        english.transcribe(DEMO, formats=BY_HAND, on_progress=cut_short)
    done = sum(decoded)
    result = english.transcribe(DEMO, formats=BY_HAND, earlier=earlier)
    both = sum(decoded)
    english.transcribe(DEMO, formats=BY_HAND)

    assert both == pytest.approx(sum(decoded) - both, rel=0.1)
    assert done > 0.3 * both
    assert set(earlier) < set(result.turns)
    assert [(turn.channel, turn.start, turn.end) for turn in result.turns] == [
        (turn.channel, turn.start, turn.end) for turn in call.turns
    ]


def test_a_call_of_several_pieces_loses_nothing_where_they_meet(
    english: WhisperTranscriber, call: Transcription, tmp_path: Path
) -> None:
    once = conversation()
    audio = write(tmp_path / "long.wav", *np.concatenate([once, once[:, : 20 * 8000]], axis=1))

    turns = english.transcribe(audio).turns

    again = [turn for turn in turns if turn.start > call.seconds]
    assert [turn.channel for turn in again[:3]] == [turn.channel for turn in call.turns[:3]]
    assert [turn.start - call.seconds for turn in again[:3]] == pytest.approx(
        [turn.start for turn in call.turns[:3]], abs=0.2
    )
    assert len(turns) >= len(call.turns) + 3


def hears_speech(listening: Listening, narrow: Samples) -> Probabilities:
    """Everywhere, in place of the detector."""
    return np.ones((len(narrow), -(-narrow.shape[1] // FRAME)), dtype=np.float32)


NOBODY = [*(pytest.param(make, marks=pytest.mark.slow) for make in (ringing, busy)), hiss, hold_music]
"""What may be heard where nobody speaks; a model takes longest over tones."""


@pytest.mark.parametrize("make", [silence, ringing, busy, hiss])
def test_nobody_spoke_means_no_words(
    english: WhisperTranscriber, tmp_path: Path, make: Callable[[float], Samples]
) -> None:
    result = english.transcribe(write(tmp_path / "call.wav", make(20), silence(20)))

    assert result.turns == ()
    assert result.seconds == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("make", [silence, *NOBODY])
def test_nor_does_a_detector_that_hears_speech_everywhere_bring_any(
    english: WhisperTranscriber, tmp_path: Path, make: Callable[[float], Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listening, "probabilities", hears_speech)

    assert english.transcribe(write(tmp_path / "call.wav", make(30))).turns == ()


@pytest.mark.slow
def test_ten_minutes_of_hold_music_are_no_words(english: WhisperTranscriber, tmp_path: Path) -> None:
    assert english.transcribe(write(tmp_path / "call.wav", hold_music(600), silence(600))).turns == ()


def test_one_channel_copied_into_both_is_transcribed_once_and_nobody_is_named(
    english: WhisperTranscriber, call: Transcription, tmp_path: Path
) -> None:
    mixed = conversation().sum(axis=0)[: 20 * 8000]
    through_a_line = mixed + np.random.default_rng(1).normal(0, 0.001, len(mixed)).astype(np.float32)

    copied = english.transcribe(write(tmp_path / "copied.wav", mixed, through_a_line))

    assert copied.channels == 1
    assert {turn.channel for turn in copied.turns} == {0}
    assert call.channels == 2


def test_a_recording_without_a_sample_has_no_turns(english: WhisperTranscriber, tmp_path: Path) -> None:
    result = english.transcribe(write_empty(tmp_path / "call.wav"))

    assert (result.turns, result.seconds, result.channels) == ((), 0, 2)


def test_a_mixed_down_recording_has_one_channel(english: WhisperTranscriber, tmp_path: Path) -> None:
    mixed = conversation().sum(axis=0)[: 10 * 8000]

    result = english.transcribe(write(tmp_path / "call.wav", mixed))

    assert result.channels == 1
    assert "furniture" in words(result.turns[0].text)


def test_what_is_not_audio_is_rejected(english: WhisperTranscriber, tmp_path: Path) -> None:
    page = tmp_path / "call.wav"
    page.write_text("<html>")

    with pytest.raises(Rejected):
        english.transcribe(page)


def test_a_model_is_looked_for_when_it_is_needed_and_not_before() -> None:
    transcriber = WhisperTranscriber("colossal")

    with pytest.raises(ModelMissing):
        transcriber.warm()


def test_a_loaded_model_leaves_the_other_cores_to_the_other_workers(english: WhisperTranscriber) -> None:
    english.warm()
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}


def test_warming_in_many_threads_loads_once() -> None:
    alone, shared = WhisperTranscriber("tiny.en"), WhisperTranscriber("tiny.en")
    once = _cpu_seconds(alone.warm)

    with ThreadPoolExecutor(4) as threads:
        spent = _cpu_seconds(lambda: list(threads.map(lambda _: shared.warm(), range(8))))

    assert spent < 2 * once


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.find("base", tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def multilingual(base: Path) -> WhisperTranscriber:
    return WhisperTranscriber(str(base))


@pytest.fixture(scope="module")
def greeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first ten seconds of the conversation."""
    return write(tmp_path_factory.mktemp("greeting") / "call.wav", *conversation()[:, : 10 * 8000])


def test_a_multilingual_model_hears_which_language_is_spoken(
    multilingual: WhisperTranscriber, greeting: Path, tmp_path: Path
) -> None:
    result = multilingual.transcribe(greeting)
    quiet = multilingual.transcribe(write(tmp_path / "quiet.wav", silence(2)))

    assert (result.language, result.model) == ("en", "base")
    assert "furniture" in words(result.turns[0].text)
    assert quiet.language is None


def test_of_the_languages_that_may_be_spoken_the_one_that_is_heard_is_written(
    multilingual: WhisperTranscriber, greeting: Path
) -> None:
    assert multilingual.transcribe(greeting, languages=["he", "en"]).language == "en"


def test_languages_the_model_does_not_know_leave_the_choice_to_its_ears(
    multilingual: WhisperTranscriber, greeting: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert multilingual.transcribe(greeting, languages=["xx"]).language == "en"
    assert "xx" in caplog.text


def test_a_setting_the_model_does_not_know_is_said_before_any_call(base: Path) -> None:
    with pytest.raises(Unavailable, match="'xx'"):
        WhisperTranscriber(str(base), language="he,xx").warm()


def test_what_it_runs_on_is_logged_once(base: Path, caplog: pytest.LogCaptureFixture) -> None:
    transcriber = WhisperTranscriber(str(base), device="cpu")

    with caplog.at_level("INFO"):
        transcriber.warm()
        transcriber.warm()

    (line,) = caplog.messages
    assert line.startswith("MODEL_LOADED model=base ")
    assert "device=cpu compute_type=int8 batch=4 threads=1" in line


def test_a_name_is_written_as_the_business_writes_it(english: WhisperTranscriber, call: Transcription) -> None:
    hinted = english.transcribe(DEMO, formats=BY_HAND, hints=["Sara Cooper"])

    assert "Sarah Cooper" in " ".join(turn.text for turn in call.turns)
    assert "Sara Cooper" in " ".join(turn.text for turn in hinted.turns)


NAMES = ["Green Valley Furniture", "Sarah Cooper", "Maple Street"]
HEBREW_NAMES = ["רהיטי לוי", "כפר סבא", "רחוב הזית"]


@pytest.mark.parametrize(
    ("languages", "hints"),
    [
        (["en"], NAMES),
        pytest.param(["he"], HEBREW_NAMES, marks=pytest.mark.slow),
        pytest.param(["he", "en"], HEBREW_NAMES, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("make", NOBODY)
def test_names_that_are_hinted_at_are_not_heard_where_nobody_speaks(
    multilingual: WhisperTranscriber,
    tmp_path: Path,
    make: Callable[[float], Samples],
    languages: list[str],
    hints: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Listening, "probabilities", hears_speech)

    found = multilingual.transcribe(write(tmp_path / "call.wav", make(15)), languages=languages, hints=hints)

    assert not [turn.text for turn in found.turns if turn.text in ", ".join(hints)]


@pytest.mark.parametrize("make", [ringing, busy])
def test_tones_before_a_short_greeting_are_no_names(
    multilingual: WhisperTranscriber, tmp_path: Path, make: Callable[[float], Samples]
) -> None:
    greeting = conversation()[1, : round(4.6 * 8000)]
    audio = write(tmp_path / "call.wav", np.concatenate([silence(5), make(40), greeting]))

    found = multilingual.transcribe(audio, languages=["en"], hints=["Green Valley Furniture"])

    assert [turn.start for turn in found.turns if turn.start < 44] == []
    assert "furniture" in words(" ".join(turn.text for turn in found.turns))


def test_somebody_who_talks_without_a_pause_is_written_down_to_the_end(
    english: WhisperTranscriber, tmp_path: Path
) -> None:
    business = conversation()[1]
    parts = [business[round(one["start"] * 8000) : round(one["end"] * 8000)] for one in SCRIPT if one["channel"] == 1]
    spoken = sum(len(one["text"].split()) for one in SCRIPT if one["channel"] == 1)

    found = english.transcribe(write(tmp_path / "call.wav", np.concatenate(parts)))

    assert sum(len(turn.text.split()) for turn in found.turns) > 0.9 * spoken


def test_every_word_has_its_time_and_its_own_trust(call: Transcription) -> None:
    for turn in call.turns:
        assert "".join(word.text for word in turn.words).strip() == turn.text
        assert all(turn.start <= word.start <= word.end <= turn.end for word in turn.words)
        assert all(before.start <= after.start for before, after in pairwise(turn.words))
        assert all(0 < word.trust <= 1 for word in turn.words)


def _cpu_seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
