"""A file is in our storage whole and checked, or not at all."""

import hashlib
from pathlib import Path

import pytest

from providers import audio
from providers.audio import AudioFacts
from providers.errors import OurOutage, Rejected, Unavailable
from providers.storage import LocalStorage, open_storage
from tests.simulator.counted_speech import counted_speech, write_wav

NAME = "CA1/RE1-7.wav"


def accept(path: Path) -> int:
    return path.stat().st_size


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_what_is_saved_can_be_read_by_range_and_has_its_digest(storage: LocalStorage) -> None:
    part, checked = storage.save(NAME, [b"hello ", b"world"], accept)

    assert (part.bytes_len, part.sha256) == (11, hashlib.sha256(b"hello world").hexdigest())
    assert checked == 11
    assert storage.size(NAME) == 11
    assert b"".join(storage.read(NAME, 6, 3)) == b"wor"


def test_a_file_that_is_refused_leaves_nothing_behind(storage: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        storage.save(NAME, [b"<html>"], audio.measure)

    assert files(tmp_path) == []
    assert storage.size(NAME) is None


def test_a_download_that_breaks_off_leaves_nothing_behind(storage: LocalStorage, tmp_path: Path) -> None:
    def breaks_off():  # type: ignore[no-untyped-def]
        yield b"RIFF"
        raise Unavailable("timeout", "broke off")

    with pytest.raises(Unavailable):
        storage.save(NAME, breaks_off(), accept)
    assert files(tmp_path) == []


def test_a_disk_that_takes_nothing_is_our_outage(tmp_path: Path) -> None:
    (tmp_path / "CA1").write_text("a file where a folder should be")

    with pytest.raises(OurOutage):
        LocalStorage(tmp_path).save(NAME, [b"x"], accept)


def test_the_length_is_measured_by_decoding(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    path.write_bytes(write_wav(counted_speech(2)))

    assert audio.measure(path) == AudioFacts(seconds=2.0, channels=2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html></html>",
        b"PK\x03\x04",
        b"\x7fELF",
        b"#EXTM3U\n",
        b"ffconcat version 1.0\nfile other.wav\n",
        b"v=0\r\n",
    ],
)
def test_what_is_not_wav_is_not_audio(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evil.wav"
    path.write_bytes(content)

    with pytest.raises(Rejected) as refused:
        audio.measure(path)
    assert refused.value.outcome == "not_audio"


def test_a_file_much_shorter_than_announced_is_fetched_again() -> None:
    audio.check_length(AudioFacts(59, 2), 60)
    with pytest.raises(Unavailable):
        audio.check_length(AudioFacts(30, 2), 60)
    audio.check_length(AudioFacts(30, 2), None)


def test_storage_that_is_not_supported_yet_is_named() -> None:
    with pytest.raises(NotImplementedError, match="s3"):
        open_storage("s3://bucket/prefix")
