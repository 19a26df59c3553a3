import numpy as np
import pytest

from providers.speech.decode import WIDE
from providers.speech.utterances import LONGEST_SECONDS, Utterance
from providers.speech.windows import Packer, Window

GAP = 0.2


def utterance(start: float, seconds: float) -> Utterance:
    return Utterance(0, start, start + seconds, np.ones(round(seconds * WIDE), dtype=np.float32))


def starts(windows: list[Window]) -> list[list[float]]:
    return [[each.start for each in window.utterances] for window in windows]


def test_utterances_share_a_window_as_long_as_they_fit() -> None:
    said = [utterance(0, 6), utterance(10, 6), utterance(20, 6), utterance(30, 14)]

    windows = Packer(0, GAP).pack(said, heard_until=60, is_last=True)

    assert starts(windows) == [[0, 10], [20], [30]]
    assert max(window.seconds for window in windows) <= LONGEST_SECONDS


def test_an_unfilled_window_waits_for_what_comes_next() -> None:
    packer = Packer(0, GAP)

    assert packer.pack([utterance(50, 4)], heard_until=60, is_last=False) == []
    assert starts(packer.pack([utterance(63, 4)], heard_until=120, is_last=True)) == [[50, 63]]


def test_a_lone_remark_does_not_wait_for_ever() -> None:
    packer = Packer(0, GAP)

    packer.pack([utterance(1, 2)], heard_until=60, is_last=False)

    assert starts(packer.pack([], heard_until=120, is_last=False)) == [[1]]
    assert packer.pack([], heard_until=180, is_last=True) == []


def test_a_window_lasts_as_long_as_it_says() -> None:
    window = Window(0, [utterance(0, 2), utterance(5, 3)], GAP)

    assert len(window.samples()) == round(window.seconds * WIDE)
    assert window.seconds == 5 + GAP


def test_a_time_of_a_window_belongs_to_the_utterance_that_lies_there() -> None:
    window = Window(0, [utterance(0, 2), utterance(5, 3), utterance(11, 1)], GAP)

    assert [window.where(seconds)[0] for seconds in (0, 1.9, 2.3, 5, 5.5, 99)] == [0, 0, 1, 1, 2, 2]
    assert [window.where(seconds)[1] for seconds in (0, 1.9, 2.2, 5.1, 5.4)] == pytest.approx([0, 1.9, 5, 7.9, 11])
