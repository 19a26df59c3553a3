"""The disk of this machine: part files in one folder, made durable, and whose fault it is when that fails."""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO

from providers.errors import OurOutage
from providers.storage.base import Part

PART = ".part"
COPY = ".copy"

SAID = {
    errno.ENOSPC: "Our disk is full.",
    errno.EDQUOT: "Our disk is full.",
    errno.EROFS: "Our disk can't be written to.",
    errno.EACCES: "Our disk can't be written to.",
}


@contextmanager
def our_disk(*expected: type[OSError]) -> Iterator[None]:
    """Say whose fault it is when the disk is full, read-only or gone. Paths stay out of tracebacks."""
    try:
        yield
    except expected:
        raise
    except OSError as error:
        raise OurOutage("disk", SAID.get(error.errno or 0, "Our disk could not take the file.")) from None


class Parts:
    """A folder for files that are not whole yet, so that looking for orphans never walks the finished ones."""

    def __init__(self, folder: Path, *, is_private: bool = False) -> None:
        self._folder = folder
        self._is_private = is_private

    @contextmanager
    def written(self, name: str, chunks: Iterable[bytes]) -> Iterator[tuple[Path, Part]]:
        """All of `chunks` in a part file, synced; what is left of it goes when the block ends."""
        path = self._folder / f"{_flat(name)}{PART}"
        with self._opened(path) as file:
            with our_disk():
                part = _write(file, chunks)
            yield path, part

    @contextmanager
    def copied(self, name: str, chunks: Iterable[bytes]) -> Iterator[Path]:
        """All of `chunks` in a file to read from, for the length of the block."""
        path = self._folder / f"{_flat(name)}-{os.getpid()}{COPY}"  # two workers may read one file
        with self._opened(path) as file:
            with our_disk():
                for chunk in chunks:
                    _write_whole(file, chunk)
            yield path

    def sweep(self, older_than_seconds: float) -> int:
        """Remove what was left behind; how many files there were."""
        if not self._folder.is_dir():
            return 0
        with our_disk(), os.scandir(self._folder) as entries:
            return sum(_remove_orphan(Path(entry), older_than_seconds) for entry in entries)

    @contextmanager
    def _opened(self, path: Path) -> Iterator[FileIO]:
        """Open, and locked, for as long as it is there: the lock ends with the process, however that ends."""
        try:
            with our_disk():
                self._folder.mkdir(mode=0o700 if self._is_private else 0o777, parents=True, exist_ok=True)
                self._check_owner()
                file = path.open("wb", buffering=0)
            with file:
                _lock(file)
                yield file
        finally:
            with our_disk():
                path.unlink(missing_ok=True)

    def _check_owner(self) -> None:
        """Where everybody may write, somebody may have been there first."""
        if self._is_private and self._folder.lstat().st_uid != os.getuid():
            raise PermissionError(errno.EACCES, "the folder for part files is somebody else's")


def digest(path: Path) -> Part:
    """What a file holds, read again. Raises FileNotFoundError."""
    with our_disk(FileNotFoundError), path.open("rb") as file:
        return Part(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def sync_folder(folder: Path) -> None:
    """Make what was put into the folder, or taken out of it, outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flat(name: str) -> str:
    return name.replace("/", "_")


def _write(file: FileIO, chunks: Iterable[bytes]) -> Part:
    sha256, size = hashlib.sha256(), 0
    for chunk in chunks:
        _write_whole(file, chunk)
        sha256.update(chunk)
        size += len(chunk)
    os.fsync(file.fileno())
    return Part(size, sha256.hexdigest())


def _write_whole(file: FileIO, chunk: bytes) -> None:
    """Unbuffered, so that closing has nothing left to write, and to fail at. A full disk may take the first half."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def _lock(file: IO[bytes] | FileIO) -> bool:
    """False while another process holds it. Where a file system has no locks, its age alone must tell."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _remove_orphan(path: Path, older_than_seconds: float) -> bool:
    try:
        if time.time() - path.lstat().st_mtime < older_than_seconds:
            return False
        with path.open("rb") as file:
            if not _lock(file):
                return False  # its writer is alive, if slow
            path.unlink()
    except FileNotFoundError:
        return False  # its writer, or another sweep, was quicker
    return True
