"""Recordings as files: written apart from their place, checked, made durable, then put there in one step."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from os import statvfs
from pathlib import Path
from typing import BinaryIO, TypeVar

from providers.storage.base import Part, Room, Storage
from providers.storage.disk import Parts, our_disk, sync_folder

PARTS = ".parts"
"""On the same file system as the finished files, so that taking a place stays one step."""

CHUNK_BYTES = 1 << 18

T = TypeVar("T")


class LocalStorage(Storage):
    """A folder with a folder a call."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)
        self._parts = Parts(self._root / PARTS)

    def save(self, name: str, chunks: Iterable[bytes], check: Callable[[Path], T]) -> tuple[Part, T]:
        """Part file, sync, check, link, sync of the folder."""
        with self._parts.written(name, chunks) as (path, part):
            checked = check(path)
            self._publish(path, self._root / name)
        return part, checked

    def rename(self, name: str, new_name: str) -> None:
        """Linked there before it is unlinked here: at no time is it nowhere."""
        path = self._root / name
        if not path.is_file():
            raise FileNotFoundError(name)
        self._publish(path, self._root / new_name)
        self.delete(name)

    def delete(self, name: str) -> None:
        """The call's folder stays: another worker may be about to put a file there."""
        path = self._root / name
        with our_disk(), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            sync_folder(path.parent)

    def find(self, prefix: str) -> list[str]:
        """Looks into the call's folder only."""
        folder, _, start = prefix.rpartition("/")
        with our_disk(), suppress(FileNotFoundError, NotADirectoryError):
            names = [path.name for path in (self._root / folder).iterdir()]
            return sorted(f"{folder}/{name}" for name in names if name.startswith(start))
        return []

    def size(self, name: str) -> int | None:
        """Length in bytes, or None when it is not there."""
        with our_disk(), suppress(FileNotFoundError, NotADirectoryError):
            return (self._root / name).stat().st_size
        return None

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Opened at once, so that a file which is deleted meanwhile is still read to its end."""
        with our_disk(FileNotFoundError):
            file = (self._root / name).open("rb")
        return _pieces(file, start, length)

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """The file itself: nothing is copied."""
        if self.size(name) is None:
            raise FileNotFoundError(name)
        yield self._root / name

    def room(self) -> Room:
        """Also before the first recording has made the folder."""
        with our_disk():
            there = next(folder for folder in (self._root, *self._root.absolute().parents) if folder.exists())
            disk = statvfs(there)
        return Room(size=disk.f_blocks * disk.f_frsize, free=disk.f_bavail * disk.f_frsize)

    def sweep_parts(self, older_than_seconds: float) -> int:
        """One folder, however many calls there are."""
        return self._parts.sweep(older_than_seconds)

    def _publish(self, path: Path, target: Path) -> None:
        """Give the file its place. A hard link, since a rename would replace what is there."""
        with our_disk():
            target.parent.mkdir(parents=True, exist_ok=True)
        with our_disk(FileExistsError):
            _link(path, target)
        with our_disk():
            sync_folder(target.parent)
            sync_folder(target.parent.parent)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except FileExistsError:
        if not target.samefile(path):  # the same: a network disk had lost its answer and asked twice
            raise FileExistsError(target.name) from None


def _pieces(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    with file, our_disk():
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
