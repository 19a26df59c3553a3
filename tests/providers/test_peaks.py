"""An outline is as long for a second as for four hours, and shows what is loud where."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from providers import audio
from providers.peaks import BUCKETS
from tests.providers.test_audio import wav

RATE = 8000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.wav"


def write(path: Path, samples: NDArray[np.int16]) -> None:
    """One row a sample, one column a channel."""
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


def lanes_of(path: Path) -> list[list[int]]:
    peaks = audio.measure(path).peaks
    return [list(peaks[start : start + BUCKETS]) for start in range(0, len(peaks), BUCKETS)]


def silence(seconds: float, channels: int = 2) -> NDArray[np.int16]:
    return np.zeros((round(seconds * RATE), channels), dtype=np.int16)


@pytest.mark.parametrize("seconds", [1, 2, 8.191, 60, 3601.7])
def test_what_is_loud_shows_where_it_is_and_on_its_own_channel(path: Path, seconds: float) -> None:
    samples = silence(seconds)
    samples[len(samples) // 4, 0] = 32767
    samples[-1, 1] = -32768
    write(path, samples)

    first, second = lanes_of(path)

    assert (len(first), len(second)) == (BUCKETS, BUCKETS)
    assert first.count(255) >= 1
    assert abs(first.index(255) - BUCKETS / 4) <= 2
    assert (second[-1], max(second[:-20])) == (255, 0)


def test_a_quiet_speaker_shows_beside_a_loud_one(path: Path) -> None:
    samples = silence(10)
    samples[:, 0], samples[:, 1] = 32767, 328  # a hundredth
    write(path, samples)

    first, second = lanes_of(path)

    assert (set(first), set(second)) == ({255}, {26})


def test_a_file_of_one_channel_has_one_lane(path: Path) -> None:
    write(path, silence(2, channels=1))

    assert lanes_of(path) == [[0] * BUCKETS]


def test_a_file_without_sound_has_none(path: Path) -> None:
    path.write_bytes(wav(seconds=0))

    assert audio.measure(path).peaks == b""


@pytest.mark.parametrize(
    ("code", "bits", "value"),
    [
        (1, 8, struct.pack("B", 128 - 64)),
        (1, 16, struct.pack("<h", 16384)),
        (1, 24, (1 << 22).to_bytes(3, "little")),
        (1, 32, struct.pack("<i", -(1 << 30))),
        (3, 32, struct.pack("<f", 0.5)),
    ],
    ids=["8 bits", "16 bits", "24 bits", "32 bits", "float"],
)
def test_half_of_full_scale_is_that_in_every_format(path: Path, code: int, bits: int, value: bytes) -> None:
    sound = value * 2 * RATE
    block = 2 * bits // 8
    layout = b"fmt " + struct.pack("<IHHIIHH", 16, code, 2, RATE, RATE * block, block, bits)
    head = b"RIFF" + struct.pack("<I", 36 + len(sound)) + b"WAVE" + layout + b"data" + struct.pack("<I", len(sound))
    path.write_bytes(head + sound)

    assert {value for lane in lanes_of(path) for value in lane} == {180}
