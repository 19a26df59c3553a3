"""What is loud though the detector hears nobody: speech it does not know, or tones and noise it knows well."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from providers.speech import WhisperTranscriber
from providers.speech.decode import NARROW, Samples
from providers.speech.detect import SpeechDetector
from providers.speech.loudness import with_second_opinion
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

BUSINESS = 1
FRAMES = 30 * NARROW // 256


def heard(channels: Samples) -> Samples:
    return SpeechDetector().listen(len(channels)).probabilities(channels)


def test_speech_without_its_low_tones_is_written_down_though_the_detector_drops_it(tmp_path: Path) -> None:
    channels = through_a_band(conversation(), 800, 3400)
    assert np.mean(heard(channels)[BUSINESS] >= 0.3) < 0.05

    found = WhisperTranscriber("tiny.en").transcribe(write(tmp_path / "call.wav", *channels))

    written = sum(len(turn.text.split()) for turn in found.turns if turn.channel == BUSINESS)
    assert written > 0.7 * sum(len(turn["text"].split()) for turn in SCRIPT if turn["channel"] == BUSINESS)


def test_speech_that_the_detector_knows_is_left_to_it() -> None:
    channels = conversation()
    found = heard(channels)

    assert np.array_equal(with_second_opinion(found, channels), found)


@pytest.mark.parametrize("make", [silence, ringing, busy, hiss, hold_music])
def test_what_the_detector_knows_to_be_no_speech_stays_none(make: Callable[[float], Samples]) -> None:
    channels = make(30)[None]
    found = heard(channels)

    assert np.array_equal(with_second_opinion(found, channels), found)


def test_each_channel_is_doubted_by_itself() -> None:
    loud = np.concatenate([silence(10), hiss(10) * 5, silence(10)])[: FRAMES * 256]
    doubted = np.full(FRAMES, 0.1, dtype=np.float32)

    first, second = with_second_opinion(np.stack([doubted, doubted]), np.stack([loud, silence(30)[: len(loud)]]))

    assert first[FRAMES // 2] == 1
    assert first[0] == np.float32(0.1)
    assert np.array_equal(second, doubted)


def test_a_recording_without_a_sample_has_nothing_to_doubt() -> None:
    nothing = np.empty((2, 0), dtype=np.float32)

    assert with_second_opinion(nothing, nothing).shape == (2, 0)
