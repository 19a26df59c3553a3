"""Transcript workers on a queue of identical calls, without the rest of the system."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from rq import Queue
from rq.worker import Worker
from sqlalchemy import func, select

from benchmarks.overhead.bare import MODEL, Spent
from benchmarks.overhead.stopwatch import cpu_seconds
from conf.settings import ROOT, Settings, environment, with_driver
from db import clock
from db.engine import Database, connect
from db.events import Event
from db.models import Business, CallEvent, CallLog, Recording, Task
from db.words import DownloadStatus, Stage
from jobs import redis as redis_connections
from jobs.queues import QUEUE_OF_STAGE, Queues
from jobs.transcribe import hints_of
from tests.support.calls import get_call, make_business, make_calls
from tests.support.servers import Server
from tests.support.system import eventually

QUEUE = QUEUE_OF_STAGE[Stage.TRANSCRIPT]
WORKER = ("jobs.worker", QUEUE)

SLOTS = Settings.model_fields["business_slots"].default
STATEMENT_SECONDS = 10
LONGEST_SECONDS = 600
STOP_SECONDS = 30


@dataclass(frozen=True)
class Line:
    """A business whose calls wait for their transcripts, and the workers that write them."""

    database: Database
    queues: Queues
    business_id: int
    recording: str
    """The name in our storage of the one file that all the calls have."""
    workers: Sequence[psutil.Process]

    @property
    def hints(self) -> list[str]:
        return hints(self.database, self.business_id)

    def work_off(self, calls: int) -> Spent:
        """Queue so many calls: the workers' CPU seconds, and the seconds until the last transcript was there."""
        self._stand_in_line(calls)
        cpu = self._cpu()
        with self.database.transaction() as session:
            begun = clock.now(session)
        self.queues.admit(Stage.TRANSCRIPT, self.business_id)
        eventually(self._is_empty, LONGEST_SECONDS)
        with self.database.transaction() as session:
            ended = session.scalars(select(func.max(CallEvent.at)).where(CallEvent.event == Event.TRANSCRIBED)).one()
        return Spent(self._cpu() - cpu, (ended - begun).total_seconds())

    def _is_empty(self) -> bool:
        with self.database.transaction() as session:
            return session.scalar(select(Task.call_id).where(Task.stage == Stage.TRANSCRIPT).limit(1)) is None

    def _cpu(self) -> float:
        return sum(cpu_seconds(worker) for worker in self.workers)

    def _stand_in_line(self, calls: int) -> None:
        with self.database.transaction() as session:
            first = (session.scalar(select(func.max(CallLog.id))) or 0) + 1
        numbers = range(first, first + calls)
        make_calls(self.database, Stage.TRANSCRIPT, numbers, self.business_id)
        with self.database.transaction() as session:
            for number in numbers:
                call = get_call(session, number)
                call.recording_sid, call.recording_download_status = f"RE{number:032x}", DownloadStatus.READY
                recording = Recording(call_id=call.id, recording_sid=call.recording_sid, status="completed")
                recording.file = self.recording
                session.add(recording)


@contextmanager
def working_line(
    postgres: Server, valkey: Server, recordings: Path, recording: Path, *commands: Sequence[str]
) -> Iterator[Line]:
    """Start a worker with each command, a module and its arguments; they are ready when the block begins."""
    variables = {
        "DATABASE_URL": postgres.url,
        "REDIS_URL": valkey.url,
        "STORAGE_URL": recordings.as_uri(),
        "WHISPER_MODEL": MODEL,
    }
    database = Database(connect(with_driver(postgres.url), statement_seconds=STATEMENT_SECONDS, application="bench"))
    with ExitStack() as stack:
        stack.callback(database.engine.dispose)
        redis = stack.enter_context(redis_connections.connect(valkey.url, timeout=redis_connections.PATIENT_SECONDS))
        workers = [stack.enter_context(_started(command, variables)) for command in commands]
        await_workers(valkey.url, QUEUE, len(commands))
        queues = Queues(redis, database, slots=SLOTS)
        yield Line(database, queues, make_business(database), str(recording.relative_to(recordings)), workers)


def hints(database: Database, business_id: int) -> list[str]:
    """What the transcriber is told of the business's calls."""
    with database.transaction() as session:
        return hints_of(session.get_one(Business, business_id))


def await_workers(redis_url: str, queue: str, number: int) -> None:
    """Until so many take jobs from the queue; they load their model before that."""
    with redis_connections.connect(redis_url, timeout=redis_connections.PATIENT_SECONDS) as redis:
        eventually(lambda: Worker.count(queue=Queue(queue, connection=redis)) == number)


@contextmanager
def _started(command: Sequence[str], variables: dict[str, str]) -> Iterator[psutil.Process]:
    child = subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-W", "ignore", "-m", *command],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait(STOP_SECONDS)
