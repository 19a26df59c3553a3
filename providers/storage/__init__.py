"""Where recordings are kept."""

from urllib.parse import unquote, urlsplit

from providers.storage.local import LocalStorage, Part

__all__ = ["LocalStorage", "Part", "open_storage"]


def open_storage(url: str) -> LocalStorage:
    """The storage that STORAGE_URL names."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise NotImplementedError(f"STORAGE_URL: {parts.scheme}:// is not supported yet; use file://")
    return LocalStorage(unquote(parts.path))
