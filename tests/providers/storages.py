"""What several tests of storage need."""

from pathlib import Path

from providers.storage import Storage

NAME = "CA1/RE1-7.wav"


def accept(path: Path) -> int:
    return path.stat().st_size


def kept(storage: Storage, name: str = NAME) -> bytes | None:
    """The whole content of a finished file."""
    size = storage.size(name)
    return None if size is None else b"".join(storage.read(name, 0, size))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
