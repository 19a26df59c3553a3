"""What every storage promises: a file is there whole and checked, or not at all. A folder and S3 promise the same."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers import audio
from providers.errors import Rejected, Unavailable
from providers.storage import Storage, digest, open_storage
from tests.providers.storages import NAME, accept, files, kept
from tests.support.object_store import BUCKET, S3Server, aws_variables, s3_server

HOUR = 3600.0


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        return (tmp_path / "recordings").as_uri()
    aws_variables(monkeypatch, request.getfixturevalue("s3").url)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


def part_folder(tmp_path: Path) -> Path:
    own = [tmp_path / f"second-zero-parts-{os.getuid()}", tmp_path / "recordings" / ".parts"]
    return next(folder for folder in own if folder.is_dir())


def test_what_is_saved_can_be_read_by_range_and_has_its_digest(storage: Storage) -> None:
    part, checked = storage.save(NAME, [b"hello ", b"world"], accept)

    assert (part.bytes_len, part.sha256) == (11, hashlib.sha256(b"hello world").hexdigest())
    assert checked == 11
    assert storage.size(NAME) == 11
    assert b"".join(storage.read(NAME, 6, 3)) == b"wor"
    assert b"".join(storage.read(NAME, 6, 100)) == b"world"


def test_a_large_file_is_read_in_pieces(storage: Storage) -> None:
    content = os.urandom((5 << 20) + 1)
    storage.save(NAME, [content], accept)

    pieces = list(storage.read(NAME, 1, len(content) - 1))

    assert b"".join(pieces) == content[1:]
    assert max(map(len, pieces)) <= 1 << 20


def test_a_local_copy_has_the_same_bytes_and_is_gone_afterwards(storage: Storage, tmp_path: Path) -> None:
    part, _ = storage.save(NAME, [b"hello"], accept)
    before = files(tmp_path)

    with storage.local_copy(NAME) as path:
        assert path.read_bytes() == b"hello"
        assert digest(path) == part
    assert files(tmp_path) == before


def test_what_is_not_there_is_said_before_the_first_byte(storage: Storage) -> None:
    assert storage.size(NAME) is None
    with pytest.raises(FileNotFoundError):
        storage.read(NAME, 0, 10)
    with pytest.raises(FileNotFoundError), storage.local_copy(NAME):
        pass
    with pytest.raises(FileNotFoundError):
        storage.rename(NAME, "CA1/RE1-8.wav")


def test_a_finished_file_is_never_overwritten(storage: Storage, tmp_path: Path) -> None:
    storage.save(NAME, [b"the first"], accept)
    storage.save("CA1/RE1-8.wav", [b"another"], accept)

    with pytest.raises(FileExistsError):
        storage.save(NAME, [b"the second"], accept)
    with pytest.raises(FileExistsError):
        storage.rename("CA1/RE1-8.wav", NAME)
    assert kept(storage) == b"the first"
    assert kept(storage, "CA1/RE1-8.wav") == b"another"
    assert files(part_folder(tmp_path)) == []


def test_a_finished_file_can_get_another_name(storage: Storage) -> None:
    storage.save(NAME, [b"hello"], accept)
    storage.rename(NAME, "CA1/RE1-8.wav")

    assert storage.find("CA1/") == ["CA1/RE1-8.wav"]
    assert kept(storage, "CA1/RE1-8.wav") == b"hello"


def test_files_are_found_by_the_beginning_of_their_names(storage: Storage) -> None:
    for name in ("CA1/RE1-8.wav", NAME, "CA1/RE2-9.wav", "CA10/RE1-7.wav"):
        storage.save(name, [name.encode()], accept)

    assert storage.find("CA1/RE1-") == ["CA1/RE1-7.wav", "CA1/RE1-8.wav"]
    assert storage.find("CA1/") == ["CA1/RE1-7.wav", "CA1/RE1-8.wav", "CA1/RE2-9.wav"]
    assert storage.find("CA2/") == []


def test_a_deleted_file_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    storage.save(NAME, [b"hello"], accept)
    for _ in range(2):
        storage.delete(NAME)

    assert storage.size(NAME) is None


def test_a_file_that_is_refused_leaves_nothing_behind(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        storage.save(NAME, [b"<html>"], audio.measure)

    assert files(tmp_path) == []
    assert storage.size(NAME) is None


def test_a_download_that_breaks_off_leaves_nothing_behind(storage: Storage, tmp_path: Path) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield b"RIFF"
        raise Unavailable("timeout", "broke off")

    with pytest.raises(Unavailable):
        storage.save(NAME, breaks_off(), accept)
    assert files(tmp_path) == []
    assert storage.size(NAME) is None


def test_a_sweep_removes_part_files_nobody_writes_to(storage: Storage, tmp_path: Path) -> None:
    assert storage.sweep_parts(HOUR) == 0
    storage.save(NAME, [b"hello"], accept)
    folder = part_folder(tmp_path)
    for name, age in {"old.part": 2 * HOUR, "new.part": 0, "old.copy": 2 * HOUR}.items():
        (folder / name).write_bytes(b"RIFF")
        os.utime(folder / name, (0, time.time() - age))

    assert storage.sweep_parts(HOUR) == 2
    assert files(folder) == ["new.part"]
    assert kept(storage) == b"hello"


def test_a_sweep_leaves_what_a_slow_worker_is_still_at(storage: Storage) -> None:
    def sweep(path: Path) -> int:
        os.utime(path, (0, 0))
        return storage.sweep_parts(HOUR)

    def chunks() -> Iterator[bytes]:
        yield b"hello "
        assert storage.sweep_parts(-1) == 0
        yield b"world"

    _, swept = storage.save(NAME, chunks(), sweep)
    with storage.local_copy(NAME) as path:
        swept += sweep(path)
        assert path.read_bytes() == b"hello world"
    assert swept == 0
