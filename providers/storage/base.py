"""What every storage can do: keep finished files whole, and part files apart from them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """Of the disk that recordings are on, in bytes: all of it, and what we may still write."""

    size: int
    free: int


@dataclass(frozen=True)
class Part:
    """What was written: length in bytes, SHA-256 in hex."""

    bytes_len: int
    sha256: str


class Storage(ABC):
    """Finished files under names such as `CA…/RE…-7.wav`, made from identifiers we have checked.

    A finished file is never overwritten. OurOutage when our disk, or our object store, does not do its part.
    """

    @abstractmethod
    def save(self, name: str, chunks: Iterable[bytes], check: Callable[[Path], T]) -> tuple[Part, T]:
        """Keep the file whole or not at all; `check` looks at it before it counts and may refuse by raising.

        Raises FileExistsError when another file has the name.
        """

    @abstractmethod
    def rename(self, name: str, new_name: str) -> None:
        """Give a finished file another name. Raises FileNotFoundError, or FileExistsError when the name is taken."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a finished file; well when it is not there."""

    @abstractmethod
    def find(self, prefix: str) -> list[str]:
        """The finished files whose names begin so, in order; the prefix holds at least the folder: `CA…/`."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Length in bytes, or None when it is not there."""

    @abstractmethod
    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes from `start` on, in pieces. Raises FileNotFoundError before the first one."""

    @abstractmethod
    def local_copy(self, name: str) -> AbstractContextManager[Path]:
        """The file as a path on this machine, for the length of the block. Raises FileNotFoundError."""

    @abstractmethod
    def room(self) -> Room | None:
        """None where there is no disk of ours to run full."""

    @abstractmethod
    def sweep_parts(self, older_than_seconds: float) -> int:
        """Remove the part files on this machine that nobody has written to for so long; how many there were."""
