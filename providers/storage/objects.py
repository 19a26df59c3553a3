"""Recordings as objects: S3, Google Cloud Storage, Azure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import ObjectStore, from_url

from providers.errors import OurOutage
from providers.storage.base import Part, Room, Storage
from providers.storage.disk import Parts

CREATE_BYTES = 16 << 20
"""What is put in one request, and so held in memory: eight minutes in two channels. More goes in parts."""

PARTS_AT_ONCE = 3
"""Of 5 MB each: all of them must be through within SILENT_SECONDS, and lie in memory."""

PIECE_BYTES = 1 << 20
"""What is read in one request: whoever listens slowly must not outlast the time a request has."""

CONNECT_SECONDS = timedelta(seconds=5)
SILENT_SECONDS = timedelta(seconds=30)
"""Without a byte from the store. It says nothing while it is sent something: 5 Mbit/s are enough for that."""

REQUEST_SECONDS = timedelta(seconds=60)
RETRIES = 3
RETRY_SECONDS = timedelta(seconds=20)
"""Passing faults only: a longer outage is waited for by the stage, which holds no worker."""

T = TypeVar("T")


def connect(url: str) -> ObjectStore:
    """The bucket, and the prefix in it, that the URL names; keys and addresses are the usual variables' (AWS_*, …)."""
    try:
        return from_url(
            url,
            client_options={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": SILENT_SECONDS,
                "timeout": REQUEST_SECONDS,
                "allow_http": True,  # for an endpoint written so: giving any of these hides AWS_ALLOW_HTTP
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY_SECONDS},
        )
    except BaseError:
        raise ValueError("STORAGE_URL: must name a bucket or container, as in s3://bucket/prefix") from None


class ObjectStorage(Storage):
    """A bucket and a prefix. Part files lie on this machine."""

    def __init__(self, store: ObjectStore, parts: Parts) -> None:
        self._store, self._parts = store, parts

    def save(self, name: str, chunks: Iterable[bytes], check: Callable[[Path], T]) -> tuple[Part, T]:
        """Part file on this machine, check, put: an object is there whole or not at all."""
        with self._parts.written(name, chunks) as (path, part):
            checked = check(path)
            self._put(name, path, part)
        return part, checked

    def rename(self, name: str, new_name: str) -> None:
        """Copied within the store, then deleted."""
        self._refuse_if_taken(new_name)
        with _our_store(FileNotFoundError):
            obstore.copy(self._store, name, new_name)
        self.delete(name)

    def delete(self, name: str) -> None:
        """Remove a finished file; well when it is not there."""
        with _our_store():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def find(self, prefix: str) -> list[str]:
        """Stores list by folder; the rest of the prefix is compared here."""
        folder, _, _ = prefix.rpartition("/")
        with _our_store():
            found = [entry["path"] for batch in obstore.list(self._store, folder) for entry in batch]
        return sorted(name for name in found if name.startswith(prefix))

    def size(self, name: str) -> int | None:
        """Length in bytes, or None when it is not there."""
        with _our_store():
            try:
                return obstore.head(self._store, name)["size"]
            except FileNotFoundError:
                return None

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """The first piece is asked for at once."""
        pieces = self._pieces(name, start, start + length)
        return chain([next(pieces, b"")], pieces)

    @contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """Fetched for the block, and gone after it."""
        size = self.size(name)
        if size is None:
            raise FileNotFoundError(name)
        with self._parts.copied(name, self.read(name, 0, size)) as path:
            yield path

    def room(self) -> Room | None:
        """A bucket takes what it is given."""
        return None

    def sweep_parts(self, older_than_seconds: float) -> int:
        """Those on this machine; what a store keeps of broken uploads is for its own life-cycle rules."""
        return self._parts.sweep(older_than_seconds)

    def _put(self, name: str, path: Path, part: Part) -> None:
        if part.bytes_len > CREATE_BYTES:
            self._refuse_if_taken(name)
            with _our_store():
                obstore.put(self._store, name, path, max_concurrency=PARTS_AT_ONCE)
            return
        try:
            with _our_store(AlreadyExistsError):
                obstore.put(self._store, name, path, mode="create")
        except AlreadyExistsError:
            if self._digest(name) != part.sha256:  # the same: the answer to our first try was lost
                raise FileExistsError(name) from None

    def _refuse_if_taken(self, name: str) -> None:
        if self.size(name) is not None:
            raise FileExistsError(name)

    def _digest(self, name: str) -> str:
        digest = hashlib.sha256()
        for piece in self.read(name, 0, self.size(name) or 0):
            digest.update(piece)
        return digest.hexdigest()

    def _pieces(self, name: str, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            wanted = min(PIECE_BYTES, end - start)
            with _our_store(FileNotFoundError):
                piece = bytes(obstore.get_range(self._store, name, start=start, length=wanted))
            yield piece
            start = start + wanted if len(piece) == wanted else end


@contextmanager
def _our_store(*expected: type[Exception]) -> Iterator[None]:
    """Say that it is our store's fault, without the addresses that the library puts into its messages."""
    try:
        yield
    except expected:
        raise
    except (PermissionDeniedError, UnauthenticatedError):
        raise OurOutage("storage_error", "Our object store refused our credentials.") from None
    except (BaseError, OSError):
        raise OurOutage("storage_error", "Our object store did not do what we asked.") from None
