from collections.abc import Callable

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest

from providers.speech.decode import NARROW, Samples
from providers.speech.detect import FRAME_SECONDS, SpeechDetector
from providers.speech.network import CONTEXT, FRAME, MEMORY, published
from providers.speech.utterances import SPEECH
from tests.providers.speech_files import SCRIPT, busy, conversation, hiss, ringing, silence


@pytest.fixture(scope="module")
def detector() -> SpeechDetector:
    return SpeechDetector()


def test_speech_is_found_on_the_channel_where_it_is(detector: SpeechDetector) -> None:
    heard = detector.listen(2).probabilities(conversation()) >= SPEECH

    for turn in SCRIPT:
        frames = slice(round(turn["start"] / FRAME_SECONDS), round(turn["end"] / FRAME_SECONDS))
        assert heard[turn["channel"], frames].mean() > 0.6, turn["text"]


@pytest.mark.parametrize("make", [silence, ringing, busy, hiss])
def test_telephone_noises_are_not_speech(detector: SpeechDetector, make: Callable[[float], Samples]) -> None:
    assert (detector.listen(1).probabilities(make(20)[None]) >= SPEECH).mean() < 0.01


def test_a_recording_heard_in_pieces_is_heard_the_same(detector: SpeechDetector) -> None:
    narrow = conversation()[:, : 40 * FRAME * 10]
    whole = detector.listen(2).probabilities(narrow)
    listening = detector.listen(2)

    parts = [listening.probabilities(narrow[:, at : at + 40 * FRAME]) for at in range(0, narrow.shape[1], 40 * FRAME)]

    assert np.array_equal(np.concatenate(parts, axis=1), whole)


def test_recordings_do_not_hear_each_other(detector: SpeechDetector) -> None:
    narrow = conversation()[:, : 3 * NARROW]
    alone = detector.listen(2).probabilities(narrow)

    detector.listen(2).probabilities(np.tile(hiss(3), (2, 1)))

    assert np.array_equal(detector.listen(2).probabilities(narrow), alone)


def test_a_stretch_heard_at_once_is_heard_as_by_the_published_network_frame_by_frame(detector: SpeechDetector) -> None:
    narrow = conversation()[:, : 1000 * FRAME]
    network = onnxruntime.InferenceSession(published(), providers=["CPUExecutionProvider"])
    state, context = np.zeros((2, 2, MEMORY), dtype=np.float32), np.zeros((2, CONTEXT), dtype=np.float32)
    frames = []
    for at in range(0, narrow.shape[1], FRAME):
        sound = np.concatenate([context, narrow[:, at : at + FRAME]], axis=1)
        probability, state = network.run(None, {"input": sound, "state": state, "sr": np.array(NARROW)})
        context = sound[:, -CONTEXT:]
        frames.append(probability)

    assert detector.listen(2).probabilities(narrow) == pytest.approx(np.concatenate(frames, axis=1), abs=1e-4)
