"""What is peculiar to object stores: they are far away, and go away."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from obstore.store import AzureStore, GCSStore, MemoryStore, S3Store

from providers.errors import OurOutage
from providers.storage import ObjectStorage, objects, open_storage
from providers.storage.disk import Parts
from tests.providers.storages import NAME, accept, files, kept
from tests.support.object_store import BUCKET, S3Server, aws_variables, s3_server


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[S3Server]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(objects, "SILENT_SECONDS", timedelta(seconds=1))
    monkeypatch.setattr(objects, "RETRIES", 1)
    with s3_server() as server:
        aws_variables(monkeypatch, server.url)
        yield server


@pytest.fixture
def memory(tmp_path: Path) -> ObjectStorage:
    return ObjectStorage(MemoryStore(), Parts(tmp_path / "parts"))


def refusals(storage: ObjectStorage) -> Iterator[OurOutage]:
    """What each verb says while the store does not work."""
    for use in (
        lambda: storage.save(NAME, [b"hello"], accept),
        lambda: storage.size(NAME),
        lambda: storage.read(NAME, 0, 5),
        lambda: storage.find("CA1/"),
        lambda: storage.delete(NAME),
        lambda: storage.rename(NAME, "CA1/RE1-8.wav"),
    ):
        with pytest.raises(OurOutage) as refused:
            use()
        yield refused.value


def open_objects(url: str) -> ObjectStorage:
    storage = open_storage(url)
    assert isinstance(storage, ObjectStorage)
    return storage


@pytest.mark.parametrize("sent", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)])
def test_a_store_that_is_dead_or_frozen_is_our_outage(s3: S3Server, tmp_path: Path, sent: signal.Signals) -> None:
    storage = open_objects(f"s3://{BUCKET}/prefix")
    storage.save("CA9/RE9-1.wav", [b"hello"], accept)
    assert s3.process
    s3.process.send_signal(sent)
    begun = time.monotonic()

    for refusal in refusals(storage):
        assert not refusal.counts
        assert s3.url not in str(refusal)
        assert refusal.__suppress_context__, "the library's message, with addresses in it, would reach the log"
    assert time.monotonic() - begun < 60
    assert files(tmp_path) == []


def test_a_bucket_that_does_not_exist_takes_no_files(s3: S3Server) -> None:
    storage = open_objects("s3://another/prefix")

    with pytest.raises(OurOutage):
        storage.save(NAME, [b"hello"], accept)
    with pytest.raises(OurOutage):
        storage.find("CA1/")


def test_a_file_larger_than_one_request_is_put_in_pieces(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "CREATE_BYTES", 1 << 20)
    storage = open_objects(f"s3://{BUCKET}/prefix")
    content = os.urandom(12 << 20)  # three pieces of what the library sends at a time

    part, _ = storage.save(NAME, [content], accept)

    assert part.bytes_len == len(content)
    assert kept(storage) == content
    with pytest.raises(FileExistsError):
        storage.save(NAME, [content], accept)


def test_a_put_whose_answer_was_lost_is_not_taken_for_somebody_elses(memory: ObjectStorage) -> None:
    memory.save(NAME, [b"hello"], accept)
    memory.save(NAME, [b"hello"], accept)  # as the library's own second try

    with pytest.raises(FileExistsError):
        memory.save(NAME, [b"other"], accept)


def test_part_files_are_nobody_elses_business(memory: ObjectStorage, tmp_path: Path) -> None:
    private = ObjectStorage(MemoryStore(), Parts(tmp_path / "private", is_private=True))
    private.save(NAME, [b"hello"], accept)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_that_somebody_else_made_first_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    os.chown(tmp_path / "taken", 12345, 12345)

    with pytest.raises(OurOutage):
        ObjectStorage(MemoryStore(), Parts(tmp_path / "taken", is_private=True)).save(NAME, [b"hello"], accept)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("url", "kind"),
    [("s3://bucket/a/prefix", S3Store), ("gs://bucket/prefix", GCSStore), ("az://container/prefix", AzureStore)],
)
def test_every_kind_of_store_is_opened_without_asking_it(url: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")

    assert isinstance(objects.connect(url), kind)


def test_an_address_without_a_bucket_is_refused_by_its_variables_name() -> None:
    with pytest.raises(ValueError, match="STORAGE_URL"):
        open_storage("s3://")
