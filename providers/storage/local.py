"""Recordings as files: written beside their place, checked, made durable, then put there in one step."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from providers.errors import OurOutage

PART = ".part"
CHUNK_BYTES = 1 << 18

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """What was written: length in bytes, SHA-256 in hex."""

    bytes_len: int
    sha256: str


class LocalStorage:
    """A folder. Names are made from identifiers we have checked, never from anything else."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)

    def save(self, name: str, chunks: Iterable[bytes], check: Callable[[Path], T]) -> tuple[Part, T]:
        """Write the file whole or not at all; `check` looks at it before it counts and may refuse by raising."""
        target = self._root / name
        part_path = target.with_name(target.name + PART)
        with _our_disk():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                part = _write(part_path, chunks)
                checked = check(part_path)
                part_path.rename(target)
            finally:
                part_path.unlink(missing_ok=True)
            _sync_folder(target.parent)
        return part, checked

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """The file as a path on this machine. Raises FileNotFoundError."""
        path = self._root / name
        if not path.is_file():
            raise FileNotFoundError(name)
        yield path

    def size(self, name: str) -> int | None:
        """Length in bytes, or None when it is not there."""
        try:
            return (self._root / name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes from `start` on, in pieces. Raises FileNotFoundError before the first one."""
        return _pieces((self._root / name).open("rb"), start, length)


@contextmanager
def _our_disk() -> Iterator[None]:
    """Say whose fault it is when the disk is full, read-only or gone."""
    try:
        yield
    except OSError as error:
        raise OurOutage("disk", "Our disk could not take the file.") from error


def _write(path: Path, chunks: Iterable[bytes]) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Part(size, digest.hexdigest())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pieces(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
