"""What a file really holds, whatever its headers say."""

import struct
from pathlib import Path

import numpy as np
import pytest

from providers import audio
from providers.audio import AudioFacts
from providers.errors import OurOutage, Rejected, Unavailable
from providers.peaks import BUCKETS
from tests.simulator.counted_speech import counted_speech, write_wav


def wav(
    *,
    rate: int = 8000,
    channels: int = 2,
    bits: int = 16,
    seconds: float = 1,
    says: int | None = None,
    order: str = "<",
) -> bytes:
    """Silence; `says` is the length of the sound that the header claims, `order` that of the bytes."""
    block = channels * bits // 8
    sound = bytes(block * round(rate * seconds))
    layout = b"fmt " + struct.pack(f"{order}IHHIIHH", 16, 1, channels, rate, rate * block, block, bits)
    length = struct.pack(f"{order}I", len(sound) if says is None else says)
    head = {"<": b"RIFF", ">": b"RIFX"}[order] + struct.pack(f"{order}I", 36 + len(sound))
    return head + b"WAVE" + layout + b"data" + length + sound


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evil.wav"


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        (write_wav(counted_speech(2)), AudioFacts(2, 2)),
        (wav(channels=1), AudioFacts(1, 1)),
        (wav(bits=8), AudioFacts(1, 2)),
        (wav(rate=96_000), AudioFacts(1, 2)),
        (wav(seconds=0), AudioFacts(0, 2)),
        (wav(says=0xFFFFFFFF), AudioFacts(1, 2)),
        (wav(says=320_000), AudioFacts(1, 2)),
    ],
    ids=["stereo", "mono", "8-bit", "96 kHz", "header only", "length unknown", "truncated"],
)
def test_the_length_is_measured_by_decoding(path: Path, content: bytes, facts: AudioFacts) -> None:
    path.write_bytes(content)

    assert audio.measure(path) == facts


def test_a_recording_whose_first_sounds_look_like_another_format_is_still_one(path: Path) -> None:
    content = bytearray(wav())
    content[256] = 0x84  # after 212 bytes of silence it is what an ACT file of some voice recorder looks like
    path.write_bytes(content)

    assert audio.measure(path) == AudioFacts(1, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"R",
        b"<html></html>",
        b'{"code": 20404, "status": 404}',
        b"PK\x03\x04",
        b"\x7fELF",
        b"#EXTM3U\n",
        b"v=0\r\n",
        b"RIFF\x24\x00\x00\x00AVI ",
        b"RIFF\x24\x00\x00\x00WAVE",
        b"RIFF\x24\x00\x00\x00WAVE" + b"\x07" * 5000,
        wav(rate=0),
        wav(channels=0),
        wav(bits=0),
        wav(order=">"),
        write_wav(counted_speech(1))[:30],
    ],
)
def test_what_is_not_wav_is_not_audio(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(Rejected) as refused:
        audio.measure(path)
    assert (refused.value.reason, refused.value.outcome) == ("not_audio", "not_audio")


@pytest.mark.parametrize("head", [b"", b"RIFF\x24\x00\x00\x00WAVE"])
def test_a_list_that_names_another_file_is_not_followed(path: Path, head: bytes) -> None:
    other = path.with_name("another-tenants.wav")
    other.write_bytes(write_wav(counted_speech(2)))
    path.write_bytes(head + f"ffconcat version 1.0\nfile {other.name}\n".encode())

    with pytest.raises(Rejected):
        audio.measure(path)


def test_a_file_that_our_disk_does_not_give_back_is_our_outage(path: Path) -> None:
    with pytest.raises(OurOutage):
        audio.measure(path)
    with pytest.raises(OurOutage):
        audio.measure(path.parent)


@pytest.mark.parametrize(("seconds", "announced"), [(59, 60), (0, 1), (0, 0), (7200, 7300), (30, None), (1.4, 3)])
def test_rounding_explains_a_small_difference(seconds: float, announced: int | None) -> None:
    audio.check_length(AudioFacts(seconds, 2), announced)


@pytest.mark.parametrize(("seconds", "announced"), [(30, 60), (0, 60), (90, 60), (7000, 7300), (16000, 1), (0, None)])
def test_a_file_much_shorter_or_longer_than_announced_is_fetched_again(seconds: float, announced: int | None) -> None:
    with pytest.raises(Unavailable) as refused:
        audio.check_length(AudioFacts(seconds, 2), announced)
    assert (refused.value.reason, refused.value.counts) == ("wrong_length", True)


@pytest.mark.slow
def test_four_hours_are_measured_in_little_memory(path: Path) -> None:
    samples = np.zeros((2, 8000 * 60), dtype=np.int16)
    minute = write_wav(samples)[44:]
    with path.open("wb") as file:
        file.write(wav(seconds=0, says=len(minute) * 240))
        file.writelines(minute for _ in range(240))
    before = peak_kilobytes()

    facts = audio.measure(path)

    assert facts == AudioFacts(4 * 3600, 2)
    assert facts.peaks == bytes(2 * BUCKETS)
    assert peak_kilobytes() - before < 50_000


def peak_kilobytes() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])
