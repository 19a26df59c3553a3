"""What is loud though the detector hears nobody, and what is heard though it is only the other side, leaking."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from providers.speech import WhisperTranscriber
from providers.speech.decode import NARROW, Samples
from providers.speech.detect import FRAME_SECONDS, SpeechDetector
from providers.speech.loudness import corrected
from providers.speech.utterances import SPEECH
from tests.providers.speech_files import (
    SCRIPT,
    busy,
    conversation,
    hiss,
    hold_music,
    ringing,
    silence,
    through_a_band,
    write,
)

CUSTOMER, BUSINESS = 0, 1
LEAK = 10 ** (-35 / 20)
FRAMES = 30 * NARROW // 256


def heard(channels: Samples) -> Samples:
    return SpeechDetector().listen(len(channels)).probabilities(channels)


@pytest.mark.slow
def test_speech_without_its_low_tones_is_written_down_though_the_detector_drops_it(tmp_path: Path) -> None:
    channels = through_a_band(conversation(), 800, 3400)
    assert np.mean(heard(channels)[BUSINESS] >= 0.3) < 0.05

    found = WhisperTranscriber("tiny.en").transcribe(write(tmp_path / "call.wav", *channels))

    written = sum(len(turn.text.split()) for turn in found.turns if turn.channel == BUSINESS)
    assert written > 0.7 * sum(len(turn["text"].split()) for turn in SCRIPT if turn["channel"] == BUSINESS)


def test_speech_that_the_detector_knows_is_left_to_it() -> None:
    channels = conversation()
    found = heard(channels)

    assert np.array_equal(corrected(found, channels), found)


@pytest.mark.parametrize("make", [silence, ringing, busy, hiss, hold_music])
def test_what_the_detector_knows_to_be_no_speech_stays_none(make: Callable[[float], Samples]) -> None:
    channels = make(30)[None]
    found = heard(channels)

    assert np.array_equal(corrected(found, channels), found)


def test_what_leaks_from_the_other_side_is_written_down_under_nobodys_name_but_its_own(tmp_path: Path) -> None:
    clean = conversation()
    leaking = clean + clean[::-1] * LEAK
    assert (heard(leaking)[CUSTOMER, : int(4 / FRAME_SECONDS)] > SPEECH).any()  # of the greeting that is the other's

    found = WhisperTranscriber("tiny.en").transcribe(write(tmp_path / "call.wav", *leaking))

    assert len(found.turns) >= len(SCRIPT)
    for turn in found.turns:
        said = [one for one in SCRIPT if one["channel"] == turn.channel]
        spoken = sum(max(0, min(turn.end, one["end"]) - max(turn.start, one["start"])) for one in said)
        assert spoken > 0.7 * (turn.end - turn.start), turn


def test_a_quick_answer_is_heard_though_what_it_answers_leaked_before_it() -> None:
    clean = conversation()
    answer = clean[CUSTOMER, round(40 * NARROW) : round(41 * NARROW)]
    question = np.resize(clean[BUSINESS, round(10.2 * NARROW) : round(15 * NARROW)], 9 * NARROW)
    channels = np.stack([np.concatenate([question * LEAK, silence(0.2), answer]), np.pad(question, (0, 9600))])
    found = heard(channels)[CUSTOMER]
    sure = found[int(9.2 / FRAME_SECONDS) :] >= SPEECH

    kept = corrected(np.stack([found, found]), channels)[CUSTOMER]

    assert sure.sum() > 10
    assert (kept[int(9.2 / FRAME_SECONDS) :] >= SPEECH)[sure].mean() > 0.8  # its pad brings the rest back
    assert (kept[: int(8.5 / FRAME_SECONDS)] >= SPEECH).sum() == 0


def test_somebody_who_speaks_much_more_softly_at_the_same_time_is_heard() -> None:
    clean = conversation()
    soft = np.stack([clean[BUSINESS] * 0.1, clean[BUSINESS][::-1]])  # 20 dB, and the other speaks all the time
    found = heard(soft)

    assert np.mean(found[0] > SPEECH) > 0.3
    assert np.mean((corrected(found, soft)[0] >= SPEECH)[found[0] >= SPEECH]) > 0.97


def test_each_channel_is_doubted_by_itself() -> None:
    loud = np.concatenate([silence(10), hiss(10) * 5, silence(10)])[: FRAMES * 256]
    doubted = np.full(FRAMES, 0.1, dtype=np.float32)

    first, second = corrected(np.stack([doubted, doubted]), np.stack([loud, silence(30)[: len(loud)]]))

    assert first[FRAMES // 2] == 1
    assert first[0] == np.float32(0.1)
    assert (second < SPEECH).all()


def test_a_recording_without_a_sample_has_nothing_to_doubt() -> None:
    nothing = np.empty((2, 0), dtype=np.float32)

    assert corrected(nothing, nothing).shape == (2, 0)
