"""Where recordings are kept."""

import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from providers.storage.base import Part, Room, Storage
from providers.storage.disk import Parts, digest
from providers.storage.local import LocalStorage
from providers.storage.objects import ObjectStorage, connect

__all__ = ["LocalStorage", "ObjectStorage", "Part", "Room", "Storage", "digest", "open_storage"]


def open_storage(url: str) -> Storage:
    """The storage that STORAGE_URL names."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(unquote(parts.path))
    return ObjectStorage(connect(url), Parts(_own_folder(), is_private=True))


def _own_folder() -> Path:
    """One for all processes of this user, so that any of them sweeps what another left behind."""
    return Path(tempfile.gettempdir()) / f"second-zero-parts-{os.getuid()}"
