"""One recording, fetched once: what interrupted attempts left is taken over or removed, and late ones keep nothing."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select, update

from db import claims, tasks
from db.claims import Claim
from db.engine import Database
from db.models import CallLog, Recording, Task
from db.tasks import seconds
from db.words import DownloadStatus, Outcome, Stage
from jobs import download
from jobs.download import Download
from jobs.pipeline import Crew
from providers import audio
from providers.storage import LocalStorage
from providers.telephony import Telephony
from tests.simulator.counted_speech import counted_speech, write_wav
from tests.support.calls import get_call, get_task, sid
from tests.support.crew import PACE, make_crew, make_due, work
from tests.support.raw_server import Answer, RawServer, raw_server
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, RECORDING_SID

WAV = write_wav(counted_speech(4))
SHORT = write_wav(counted_speech(1))
LEFT = f"{sid(1)}/{RECORDING_SID}-0.wav"  # claim numbers begin at 1
DAY = 24 * 3600.0

THERE = Answer(body=WAV)
NOT_FOUND = Answer(404)


def says(status: str) -> Answer:
    """What the phone company knows of the recording."""
    return Answer(body=json.dumps({"sid": RECORDING_SID, "status": status}).encode())


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAITS", (0, 0, 0))


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


@pytest.fixture(autouse=True)
def completed_recording(database: Database) -> None:
    """A call of four seconds whose recording the phone company has announced."""
    with database.transaction() as session:
        call = CallLog(
            call_sid=sid(1), from_number="+14155550111", recording_sid=RECORDING_SID, recording_status="completed"
        )
        session.add(call)
        session.flush()
        session.add(Recording(call_id=call.id, recording_sid=RECORDING_SID, status="completed", channels=2, duration=4))
        tasks.open_task(session, call, Stage.DOWNLOAD)


@contextmanager
def downloading(
    database: Database, redis: Redis, storage: LocalStorage, *answers: Answer
) -> Iterator[tuple[Crew, RawServer]]:
    with raw_server(*answers) as (server, url):
        telephony = Telephony(ACCOUNT_SID, AUTH_TOKEN, url)
        yield make_crew(database, redis, Download(telephony, storage, database, PACE)), server


def download_once(database: Database, redis: Redis, storage: LocalStorage, *answers: Answer) -> list[str]:
    """What the phone company was asked for."""
    with downloading(database, redis, storage, *answers) as (crew, server):
        work(crew, sid(1))
    return [request.split(" ", 2)[1].rpartition("/")[2] for request in server.asked]


def recording(database: Database) -> Recording:
    with database.transaction() as session:
        return session.scalars(select(Recording)).one()


def name_recorded(database: Database, name: str | None) -> None:
    with database.transaction() as session:
        session.execute(update(Recording).values(file=name))


def grow_old(database: Database, age: float) -> None:
    with database.transaction() as session:
        session.execute(update(Recording).values(created_at=func.now() - seconds(age)))


def lose(database: Database, claim: Claim) -> None:
    """As if a sweep had taken the worker for dead."""
    with database.transaction() as session:
        claims.release(session, claims.own(session, claim), claim, delay=0, refund=False)


def current_claim(database: Database) -> Claim:
    with database.transaction() as session:
        task = get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert task.claim
        return Claim(task.call_id, sid(1), 0, Stage.DOWNLOAD, task.claim, task.attempts)


def files(storage: LocalStorage) -> list[str]:
    return storage.find(f"{sid(1)}/")


def assert_ready(database: Database, storage: LocalStorage) -> None:
    """The row's file, and no other, is there and is the announced one."""
    row = recording(database)
    assert row.file
    assert files(storage) == [row.file]
    assert b"".join(storage.read(row.file, 0, len(WAV) + 1)) == WAV
    assert (row.bytes_len, row.sha256) == (len(WAV), hashlib.sha256(WAV).hexdigest())
    assert (row.audio_seconds, row.channels) == (4.0, 2)
    with database.transaction() as session, storage.local_copy(row.file) as path:
        outline = session.scalar(select(Recording.peaks))
        assert outline == audio.measure(path).peaks
        assert any(outline)
    with database.transaction() as session:
        assert get_call(session, 1).recording_download_status == DownloadStatus.READY
        assert get_task(session, 1, Stage.TRANSCRIPT)


def assert_waits(database: Database, *, status: DownloadStatus, attempts: int) -> float:
    """Seconds until the next try."""
    with database.transaction() as session:
        call, task = get_call(session, 1), get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert (call.recording_download_status, task.attempts, call.recording_fail_count) == (
            status,
            attempts,
            attempts,
        )
        return float(session.scalar(select(func.extract("epoch", Task.due_at - func.clock_timestamp()))) or 0)


def test_a_recording_is_fetched_once(database: Database, redis: Redis, storage: LocalStorage) -> None:
    assert download_once(database, redis, storage, THERE) == [f"{RECORDING_SID}.wav?RequestedChannels=2"]
    assert_ready(database, storage)


def test_a_whole_file_left_by_a_killed_worker_is_taken_over(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    storage.save(LEFT, [WAV], lambda path: None)

    assert download_once(database, redis, storage, Answer(500)) == []
    assert_ready(database, storage)
    assert recording(database).file != LEFT, "the one who left it could remove it"


@pytest.mark.parametrize("content", [SHORT, b"<html>", b"", WAV[:30]])
def test_a_file_that_does_not_pass_its_checks_is_removed_and_fetched_again(
    database: Database, redis: Redis, storage: LocalStorage, content: bytes
) -> None:
    storage.save(LEFT, [content], lambda path: None)

    assert len(download_once(database, redis, storage, THERE)) == 1
    assert_ready(database, storage)


def test_of_several_whole_files_one_is_kept(database: Database, redis: Redis, storage: LocalStorage) -> None:
    for name in (LEFT, LEFT.replace("-0", "-00"), LEFT.replace("-0", "-000")):
        storage.save(name, [SHORT if name == LEFT else WAV], lambda path: None)

    assert download_once(database, redis, storage, Answer(500)) == []
    assert_ready(database, storage)


def test_a_file_of_another_recording_of_the_call_is_left_alone(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    other = f"{sid(1)}/RE{'9' * 32}-3.wav"
    storage.save(other, [WAV], lambda path: None)

    assert len(download_once(database, redis, storage, THERE)) == 1
    assert files(storage) == sorted([str(recording(database).file), other])


def test_fetching_anew_by_hand_replaces_the_file(database: Database, redis: Redis, storage: LocalStorage) -> None:
    storage.save(LEFT, [SHORT], lambda path: None)
    name_recorded(database, LEFT)

    assert len(download_once(database, redis, storage, THERE)) == 1
    assert_ready(database, storage)


def test_the_file_that_is_played_stays_until_a_new_one_is_there(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    storage.save(LEFT, [WAV], lambda path: None)
    name_recorded(database, LEFT)

    download_once(database, redis, storage, Answer(500))
    assert (recording(database).file, files(storage)) == (LEFT, [LEFT])


class Overtaken(LocalStorage):
    """Its worker is taken for dead just before or just after the file has got its name."""

    def __init__(self, root: Path, database: Database, *, before: bool) -> None:
        super().__init__(root)
        self._database, self._before = database, before
        self.named: list[str] = []

    def save(self, name: str, chunks: Iterable[bytes], check: Any) -> Any:
        if self._before:
            lose(self._database, current_claim(self._database))
        saved = super().save(name, chunks, check)
        self.named.append(name)
        if not self._before:
            lose(self._database, current_claim(self._database))
        return saved


@pytest.mark.parametrize("before", [True, False])
def test_a_late_worker_leaves_no_file(database: Database, redis: Redis, tmp_path: Path, before: bool) -> None:
    storage = Overtaken(tmp_path, database, before=before)

    assert len(download_once(database, redis, storage, THERE)) == 1
    assert len(storage.named) == (0 if before else 1), "the claim is asked for before the file gets its name"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert recording(database).file is None
    assert len(download_once(database, redis, LocalStorage(tmp_path), THERE)) == 1
    assert_ready(database, storage)


def test_a_worker_that_did_not_hear_of_its_own_commit_keeps_the_file(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    with downloading(database, redis, storage, THERE) as (crew, _):
        work(crew, sid(1))
        number = int(str(recording(database).file).rpartition("-")[2].removesuffix(".wav"))
        with database.transaction() as session:
            claim = Claim(get_call(session, 1).id, sid(1), 0, Stage.DOWNLOAD, number, 1)
        assert isinstance(crew.trade, Download)
        crew.trade.disown(claim)

    assert_ready(database, storage)


def test_a_file_that_is_slow_to_appear_is_waited_for(database: Database, redis: Redis, storage: LocalStorage) -> None:
    not_yet = (NOT_FOUND, says("processing"))

    asked = download_once(database, redis, storage, *not_yet, *not_yet, *not_yet, THERE)
    assert len(asked) == 7
    assert_ready(database, storage)


@pytest.mark.parametrize(("age", "wait"), [(0, PACE.base), (100, 24), (1000, PACE.longest), (DAY - 60, PACE.longest)])
def test_the_wait_for_an_unfinished_file_grows_with_its_age_and_costs_nothing(
    database: Database, redis: Redis, storage: LocalStorage, age: float, wait: float
) -> None:
    grow_old(database, age)

    asked = download_once(database, redis, storage, *(NOT_FOUND, says("processing")) * 4)
    assert len(asked) == 8
    waits = assert_waits(database, status=DownloadStatus.MISSING, attempts=0)
    assert wait - 2 < waits <= wait * 1.2


def test_a_file_that_is_never_finished_is_given_up_after_a_day(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    grow_old(database, DAY + 60)

    download_once(database, redis, storage, *(NOT_FOUND, says("processing")) * 4)
    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.outcome) == (DownloadStatus.FAILED, Outcome.GAVE_UP)
        assert call.last_error == "Recording failed: The phone company never finished the recording."
        assert get_task(session, 1, Stage.DOWNLOAD) is None


def test_a_file_that_is_said_to_be_there_and_is_not_uses_up_attempts(
    database: Database, redis: Redis, storage: LocalStorage
) -> None:
    download_once(database, redis, storage, *(NOT_FOUND, says("completed")) * 4)

    assert_waits(database, status=DownloadStatus.FAILED, attempts=1)


@pytest.mark.parametrize("status", ["deleted", "absent", "failed"])
def test_a_deleted_recording_is_not_asked_for_twice(
    database: Database, redis: Redis, storage: LocalStorage, status: str
) -> None:
    asked = download_once(database, redis, storage, NOT_FOUND, says(status))

    assert len(asked) == 2
    with database.transaction() as session:
        assert get_call(session, 1).outcome == Outcome.GONE


def test_a_recording_that_nobody_knows_is_gone(database: Database, redis: Redis, storage: LocalStorage) -> None:
    unknown = Answer(404, body=b'{"code": 20404, "message": "not found", "status": 404}')

    assert len(download_once(database, redis, storage, NOT_FOUND, unknown)) == 2
    with database.transaction() as session:
        assert get_call(session, 1).outcome == Outcome.GONE


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(body=b"<!doctype html>"), Outcome.NOT_AUDIO),
        (Answer(body=b'{"status": 200}'), Outcome.NOT_AUDIO),
        (Answer(body=SHORT), None),
        (Answer(body=WAV[: len(WAV) // 4]), None),
        (Answer(body=b""), None),
        (Answer(401), None),
    ],
    ids=["HTML", "JSON", "too short", "truncated", "empty", "credentials"],
)
def test_what_is_not_the_recording_is_never_kept(
    database: Database, redis: Redis, storage: LocalStorage, tmp_path: Path, answer: Answer, outcome: Outcome | None
) -> None:
    download_once(database, redis, storage, answer)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.outcome) == (DownloadStatus.FAILED, outcome)


def test_our_full_disk_costs_no_attempt(
    database: Database, redis: Redis, storage: LocalStorage, tmp_path: Path
) -> None:
    (tmp_path / sid(1)).write_text("a file where the call's folder should be")

    download_once(database, redis, storage, THERE)
    assert_waits(database, status=DownloadStatus.MISSING, attempts=0)
    (tmp_path / sid(1)).unlink()
    make_due(database)
    download_once(database, redis, storage, THERE)
    assert_ready(database, storage)
