"""A call's life with an object store in place of a disk."""

import urllib.request
from pathlib import Path

import pytest

from launch import embedded
from tests.conftest import database_in, execute
from tests.support.object_store import BUCKET, aws_variables, s3_server
from tests.support.system import running

SPEECH = Path("simulator/audio/demo_en.flac")


@pytest.mark.slow
def test_a_recording_in_s3_is_transcribed_and_played(
    servers_folder: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = servers_folder / "with-s3"
    folder.mkdir()
    execute(postgres_url, "CREATE DATABASE with_s3 TEMPLATE template")
    database_url = database_in(postgres_url, "with_s3")
    with s3_server() as s3, embedded.valkey(folder / "valkey") as redis_url:
        aws_variables(monkeypatch, s3.url)
        storage_url = f"s3://{BUCKET}/recordings"
        with running(folder, database_url, redis_url, STORAGE_URL=storage_url, TMPDIR=str(folder)) as system:
            call_sid = system.call(SPEECH)
            assert system.final(call_sid)["summary_status"] == "completed"
            request = urllib.request.Request(
                f"{system.url}/api/recordings/{call_sid}/stream",
                headers=system.owner.headers | {"Range": "bytes=0-11"},
            )
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert (answer.status, answer.read(4)) == (206, b"RIFF")
            assert s3.url not in system.log
    assert not list(folder.rglob("*.part"))
    assert not list(folder.rglob("*.copy"))
