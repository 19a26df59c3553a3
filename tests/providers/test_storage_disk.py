"""A disk that is full, read-only or broken is our outage: nothing is half there, and no call is to blame."""

import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from providers.errors import OurOutage
from providers.storage import LocalStorage
from tests.providers.storages import NAME, accept, files, kept

CHUNK = b"x" * 10_000
SECOND = "CA1/RE1-8.wav"


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """No file of this process grows beyond it: the kernel refuses the write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB and eight names."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k,nr_inodes=8", "tmpfs"]
    if subprocess.run(["mount", *options, str(disk)], capture_output=True).returncode:
        pytest.skip("this process may not mount a disk of its own")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def refused(root: Path, chunks: int = 1) -> OurOutage:
    with pytest.raises(OurOutage) as outage:
        LocalStorage(root).save(NAME, [CHUNK] * chunks, accept)
    assert not outage.value.counts
    assert str(root) not in str(outage.value)
    return outage.value


def plant_part(root: Path, device: str) -> None:
    """Have the next part file written to a device."""
    (root / ".parts").mkdir(parents=True)
    (root / ".parts" / "CA1_RE1-7.wav.part").symlink_to(device)


@pytest.mark.parametrize("limit", [0, 5 * len(CHUNK), 10 * len(CHUNK) - 1])
def test_a_disk_that_takes_no_more_at_the_start_in_the_middle_or_at_the_end(tmp_path: Path, limit: int) -> None:
    with file_size_limit(limit):
        refused(tmp_path, chunks=10)

    assert files(tmp_path) == []


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    plant_part(tmp_path, "/dev/full")

    assert str(refused(tmp_path)) == "Our disk is full."
    assert files(tmp_path) == []


def test_what_cannot_be_synced_does_not_count_as_written(tmp_path: Path) -> None:
    plant_part(tmp_path, "/dev/null")  # takes everything, and can't be synced

    refused(tmp_path)
    assert files(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_place_that_cannot_be_taken_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "CA1").symlink_to("/dev/shm")  # no link crosses file systems

    refused(tmp_path)
    assert files(tmp_path) == []


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "CA1").write_text("not a folder")

    refused(tmp_path)
    assert files(tmp_path) == ["CA1"]


def test_a_real_disk_fills_up_and_has_room_again(small_disk: Path) -> None:
    assert str(refused(small_disk, chunks=7)) == "Our disk is full."
    assert files(small_disk) == []

    part, _ = LocalStorage(small_disk).save(NAME, [CHUNK] * 3, accept)
    assert part.bytes_len == 3 * len(CHUNK)


def test_a_real_disk_without_a_free_name_refuses_the_last_step(small_disk: Path) -> None:
    LocalStorage(small_disk).save(SECOND, [CHUNK], accept)
    fill = (small_disk / f"fill{number}" for number in range(8))
    with pytest.raises(OSError) as full:
        for path in fill:
            path.touch()
    assert full.value.errno == errno.ENOSPC
    (small_disk / "fill0").unlink()  # one name: for the part file, not for its place as well

    assert str(refused(small_disk)) == "Our disk is full."
    assert LocalStorage(small_disk).find("CA1/") == [SECOND]
    assert files(small_disk / ".parts") == []


def test_a_real_disk_that_became_read_only_takes_nothing_and_still_plays(small_disk: Path) -> None:
    storage = LocalStorage(small_disk)
    storage.save(SECOND, [CHUNK], accept)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    assert str(refused(small_disk)) == "Our disk can't be written to."
    with pytest.raises(OurOutage):
        storage.delete(SECOND)
    assert kept(storage, SECOND) == CHUNK


@pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere")
def test_a_folder_we_may_not_write_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)

    assert str(refused(tmp_path)) == "Our disk can't be written to."


def test_a_worker_killed_before_the_part_file_goes_leaves_one_for_the_sweep(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    if not (child := os.fork()):
        storage.save(NAME, [CHUNK], lambda path: os._exit(9))
    os.waitpid(child, 0)

    assert files(tmp_path) == [".parts/CA1_RE1-7.wav.part"]
    assert storage.sweep_parts(-1) == 1
    assert files(tmp_path) == []
