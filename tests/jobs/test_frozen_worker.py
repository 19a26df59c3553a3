"""A worker that is told to stop while PostgreSQL is frozen leaves in time, and nothing is lost."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from redis import Redis
from sqlalchemy import update

from conf.settings import ROOT, environment, with_driver
from db.engine import Database, connect
from db.models import CallLog, Recording
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus
from jobs.queues import Queues
from tests.providers.speech_files import conversation, write
from tests.support.calls import get_call, get_task, make_calls
from tests.support.servers import Server
from tests.support.system import eventually

GRACE_SECONDS = 1
LEAVE_SECONDS = 7
"""What leaving may take beyond the grace with a server that does not answer, and a margin for a busy machine."""

MINUTES = 10
"""Of speech: more than the model reads within the test."""

NAME = "a-recording.wav"


def test_a_worker_told_to_stop_leaves_though_postgres_is_frozen(
    own_postgres: Server, redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    database = Database(connect(with_driver(own_postgres.url), statement_seconds=5, application="tests"))
    make_transcribable(database, tmp_path)
    Queues(redis, database, slots=3).admit(Stage.TRANSCRIPT, None)
    worker = start_worker(own_postgres.url, redis_url, tmp_path)
    try:
        eventually(lambda: status_of(database) == TextStatus.PROCESSING)
        with own_postgres.frozen():
            worker.send_signal(signal.SIGTERM)
            worker.wait(GRACE_SECONDS + LEAVE_SECONDS)
    finally:
        worker.kill()
        worker.wait()

    with database.transaction() as session:
        task = get_task(session, 1, Stage.TRANSCRIPT)
        assert task, "the stage is still open: a sweep, or the thawed hand-back, gives it to the next worker"
        assert get_call(session, 1).final_transcript is None
    database.engine.dispose()


def make_transcribable(database: Database, folder: Path) -> None:
    """A call whose recording is here."""
    minute = conversation()
    write(folder / NAME, *np.tile(minute, (1, MINUTES)))
    make_calls(database, Stage.TRANSCRIPT, [1])
    with database.transaction() as session:
        call_id = get_call(session, 1).id
        session.add(Recording(call_id=call_id, recording_sid="RE1", status="completed", file=NAME))
        session.execute(
            update(CallLog).values(
                recording_sid="RE1",
                recording_status=RecordingStatus.COMPLETED,
                recording_download_status=DownloadStatus.READY,
            )
        )


def status_of(database: Database) -> str | None:
    with database.transaction() as session:
        return get_call(session, 1).transcript_status


def start_worker(database_url: str, redis_url: str, folder: Path) -> "subprocess.Popen[bytes]":
    variables = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STORAGE_URL": folder.as_uri(),
        "WHISPER_MODEL": "tiny.en",
        "GRACE_SECONDS": str(GRACE_SECONDS),
    }
    command = [sys.executable, "-m", "jobs.worker", "transcripts"]
    return subprocess.Popen(command, cwd=ROOT, env=environment(**variables))
