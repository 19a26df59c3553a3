"""Real listeners of a real web process: they hold threads, and nobody else waits for them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.web import wire
from conf.settings import with_driver
from db.engine import Database, connect
from db.models import Recording
from tests.conftest import database_in, execute
from tests.support.calls import sid
from tests.support.people import make_people
from tests.support.system import eventually
from tests.support.web_process import WebProcess, serving
from tests.web import rows

SEATS = 4
"""In each of two processes, which have 16 threads besides."""

MORE_THAN_THREADS = 60
LARGE = 100 * 1000 * 1000
SOON_SECONDS = 1
EVENT = wire.event("/webhook/call_status", CallSid=sid(7), CallStatus="ringing")


@pytest.fixture(scope="module")
def database_url(postgres_url: str) -> Iterator[str]:
    """For all tests here: a web process takes its time to start."""
    execute(postgres_url, "CREATE DATABASE seats TEMPLATE template")
    yield database_in(postgres_url, "seats")
    execute(postgres_url, "DROP DATABASE seats WITH (FORCE)")


@pytest.fixture(scope="module")
def folder(servers_folder: Path) -> Path:
    folder = servers_folder / "seats"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def play(folder: Path, database_url: str) -> bytes:
    """Asks for the whole of a recording that is larger than what lies on the way to its listener."""
    database = Database(connect(with_driver(database_url), statement_seconds=5, application="tests"))
    people = make_people(database)
    call_sid = rows.add_recorded_call(database, people.alice.business_id, recording_download_status="ready")
    file = folder / "recordings" / call_sid / "1.wav"
    file.parent.mkdir(parents=True)
    with file.open("wb") as made:
        made.truncate(LARGE)
    with database.transaction() as session:
        session.query(Recording).one().file = f"{call_sid}/1.wav"
    database.engine.dispose()
    return wire.get(f"/api/recordings/{call_sid}/stream", people.alice.headers | {"Range": "bytes=0-"})


@pytest.fixture(scope="module")
def web(folder: Path, play: bytes, database_url: str, valkey_url: str) -> Iterator[WebProcess]:
    with serving(folder, database_url, valkey_url, MAX_LISTENERS=str(SEATS)) as process:
        yield process


def test_however_many_want_to_listen_webhooks_are_answered(web: WebProcess, play: bytes) -> None:
    with ExitStack() as listeners:
        told = [listeners.enter_context(wire.listening(web.port, play)) for _ in range(MORE_THAN_THREADS)]

        answers = [wire.ask(web.port, EVENT) for _ in range(20)]

    assert set(told) == {206, 503}
    assert SEATS <= told.count(206) <= 2 * SEATS
    assert {answer.status for answer in answers} == {204}
    assert max(answer.seconds for answer in answers) < SOON_SECONDS


def test_listeners_who_hang_up_make_room_for_others(web: WebProcess, play: bytes) -> None:
    for _ in range(3):
        with ExitStack() as listeners:
            for _ in range(SEATS):  # of which one process has enough, whichever they come to
                eventually(lambda: listens(listeners, web.port, play), SOON_SECONDS * 10)


def listens(listeners: ExitStack, port: int, play: bytes) -> bool:
    return listeners.enter_context(wire.listening(port, play)) == 206
