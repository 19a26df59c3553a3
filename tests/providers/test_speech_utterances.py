from itertools import pairwise

import numpy as np
import pytest

from providers.speech.decode import WIDE, Samples
from providers.speech.detect import FRAME_SECONDS, Probabilities
from providers.speech.utterances import FRAME_WIDE, LONGEST_SECONDS, PAD_SECONDS, Channel, Utterance


def heard(*stretches: tuple[float, float]) -> Probabilities:
    """Probabilities from (seconds, probability) after one another."""
    return np.concatenate(
        [np.full(round(seconds / FRAME_SECONDS), value, dtype=np.float32) for seconds, value in stretches]
    )


def numbered(frames: int) -> Samples:
    """Samples that say where they come from."""
    return np.arange(frames * FRAME_WIDE, dtype=np.float32)


def utterances(probabilities: Probabilities, *cuts: int) -> list[Utterance]:
    """What one channel says when it is heard in pieces, cut at these frames."""
    channel, found = Channel(0), []
    samples = numbered(len(probabilities))
    edges = [0, *cuts, len(probabilities)]
    for start, end in pairwise(edges):
        wide = samples[start * FRAME_WIDE : end * FRAME_WIDE]
        found += channel.hear(wide, probabilities[start:end], is_last=end == edges[-1])
    return found


def test_an_utterance_knows_when_the_speech_itself_began_and_ended() -> None:
    (utterance,) = utterances(heard((2, 0), (3, 0.9), (2, 0)))

    assert (utterance.start, utterance.end) == pytest.approx((2, 5), abs=0.04)
    assert utterance.seconds == pytest.approx(3 + 2 * PAD_SECONDS, abs=0.05)


def test_a_breath_does_not_end_an_utterance_and_a_pause_does() -> None:
    found = utterances(heard((2, 0.9), (0.3, 0), (2, 0.9), (1.5, 0), (1, 0.9), (1, 0)))

    assert [(round(each.start, 1), round(each.end, 1)) for each in found] == [(0, 4.3), (5.8, 6.8)]


def test_a_click_is_no_utterance() -> None:
    assert utterances(heard((2, 0), (0.07, 0.9), (2, 0))) == []


def test_speech_that_goes_on_over_the_end_of_a_piece_is_one_utterance() -> None:
    probabilities = heard((1, 0), (4, 0.9), (2, 0))

    (whole,) = utterances(probabilities)
    (parted,) = utterances(probabilities, round(3 / FRAME_SECONDS))

    assert (parted.start, parted.end) == (whole.start, whole.end)
    assert np.array_equal(parted.samples, whole.samples)


@pytest.mark.parametrize("size", [7, 50, 200])
def test_pieces_of_any_size_give_the_same_utterances(size: int) -> None:
    random = np.random.default_rng(size)
    stretches = [(float(seconds), at % 2 * 0.9) for at, seconds in enumerate(random.uniform(0.1, 4, 60))]
    probabilities = heard(*stretches)

    whole = utterances(probabilities)
    parted = utterances(probabilities, *range(size, len(probabilities), size))

    assert len(whole) > 5
    assert [(each.start, each.end) for each in parted] == [(each.start, each.end) for each in whole]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(parted, whole, strict=True))


def test_a_monologue_is_parted_where_it_is_quietest_and_nothing_is_lost() -> None:
    probabilities = heard((10, 0.9), (0.3, 0.25), (10, 0.9))

    found = utterances(probabilities)

    assert found[0].end == pytest.approx(10.15, abs=0.2)
    assert np.array_equal(np.concatenate([each.samples for each in found]), numbered(len(probabilities)))


def test_no_utterance_is_longer_than_a_window() -> None:
    found = utterances(heard((100, 0.9)), 1000, 2000)

    assert max(each.seconds for each in found) <= LONGEST_SECONDS
    assert sum(each.seconds for each in found) == pytest.approx(100, abs=0.1)


def test_a_channel_that_keeps_silent_keeps_no_audio() -> None:
    channel = Channel(0)

    for _ in range(3):
        assert channel.hear(numbered(1875), heard((60, 0)), is_last=False) == []

    assert len(channel._samples) < 2 * WIDE
