"""An old installation comes up: nothing starts before it is migrated, then old and new calls go on."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from conf.settings import ROOT, environment, libpq
from db.models import Task
from jobs.queues import QUEUES
from launch import embedded
from tests.conftest import execute
from tests.legacy import odd_calls
from tests.legacy.people import PEOPLE
from tests.legacy.schemas import SCHEMAS, old_database
from tests.support.system import SECRET_KEY, System, eventually, running

AUDIO = ROOT / "simulator" / "audio" / "demo_en.flac"
PROCESSES = (
    ["gunicorn", "web.wsgi"],
    pytest.param(["python", "-m", "scheduler"], marks=pytest.mark.slow),
    ["python", "-m", "jobs.worker", "transcripts"],
    pytest.param(["gunicorn", "-c", "conf/gunicorn.conf.py", "web.wsgi"], marks=pytest.mark.slow),
    *(
        pytest.param(["python", "-m", "jobs.worker", queue], marks=pytest.mark.slow)
        for queue in QUEUES
        if queue != "transcripts"
    ),
)

AS_THE_OLD_SYSTEM_LEFT_IT = """
DELETE FROM call_event WHERE call_id = {id}; DELETE FROM recording WHERE call_id = {id};
DELETE FROM transcript WHERE call_id = {id};
UPDATE call_log SET created_at = created_at - interval '1 year', recording_status = NULL, transcript_status = NULL,
    summary_status = NULL, recording_download_status = NULL, final_transcript = NULL, summary = NULL, outcome = NULL,
    recording_mode = NULL, audio_bytes_len = NULL WHERE id = {id};
UPDATE second_zero_schema SET version_num = '0003'
"""


@pytest.fixture(scope="module")
def old_schema(postgres_url: str) -> Iterator[str]:
    with old_database(postgres_url, "with statuses", PEOPLE) as url:
        yield url


@pytest.mark.parametrize("command", PROCESSES, ids=" ".join)
def test_a_process_that_may_not_migrate_refuses_an_old_schema_and_says_what_to_do(
    command: list[str], old_schema: str, redis_url: str, tmp_path: Path
) -> None:
    known = environment(
        DATABASE_URL=old_schema,
        REDIS_URL=redis_url,
        PORT="0",
        SECRET_KEY=SECRET_KEY,
        STORAGE_URL=tmp_path.as_uri(),
        RUN_MIGRATIONS="0",
        MIGRATION_LOCK_WAIT_SECONDS="0.5",
    )
    program = str(Path(sys.executable).parent / command[0])
    refused = subprocess.run([program, *command[1:]], cwd=ROOT, env=known, capture_output=True, text=True, timeout=90)

    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    assert "call_log.outcome: expected VARCHAR, found nothing" in said or "business.language: expected" in said
    assert said.count("Run: python -m db.migrate") == 1
    assert "Traceback" not in said
    assert "postgres:@" not in said


def db_migrate(url: str, *arguments: str) -> int:
    command = [sys.executable, "-m", "db.migrate", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(DATABASE_URL=url), capture_output=True).returncode


@pytest.fixture
def came_up(request: pytest.FixtureRequest, postgres_url: str, servers_folder: Path) -> Iterator[System]:
    """The whole system on an old database that was migrated."""
    folder = Path(tempfile.mkdtemp(prefix="old-", dir=servers_folder))
    folder.chmod(0o755)
    with old_database(postgres_url, request.param, PEOPLE) as url, embedded.valkey(folder / "valkey") as redis_url:
        odd_calls.fill(url)
        assert db_migrate(url, "--check") == 1
        assert db_migrate(url) == 0
        assert db_migrate(url, "--check") == 0
        with running(folder, url, redis_url, RUN_MIGRATIONS="0", MAX_ATTEMPTS="2") as system:
            yield system


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("came_up", sorted(SCHEMAS), indirect=True)
def test_an_old_installation_goes_on_with_old_and_new_calls(came_up: System) -> None:
    goes_on(came_up)


def goes_on(system: System) -> None:
    """A new call is put through; taken for an old one, it waits for play; and what was recent comes to its end."""
    call_sid = system.call(AUDIO)
    new = system.final(call_sid)
    assert (new["transcript_status"], new["summary_status"], new["outcome"]) == ("completed", "completed", None)

    make_old(system, call_sid)
    assert system.show(call_sid)["explanation"].endswith("press play to have it fetched.")
    assert play(system, call_sid).status_code == 202
    eventually(lambda: play(system, call_sid).status_code == 200)
    again = system.final(call_sid)
    assert again["transcript"] == new["transcript"]
    assert system.known_to_phone_company(call_sid)["recordings"][0]["media_downloads"] == 2

    eventually(lambda: not open_tasks(system))
    with system.database.transaction() as session:
        stuck = "SELECT count(*) FROM call_log WHERE recording_status IN ('pending', 'recording') AND call_sid <> ''"
        assert session.scalar(text(stuck)) == 0


def make_old(system: System, call_sid: str) -> None:
    """As if the old system had had the call a year ago, and we had just been installed."""
    url = libpq(system.database.engine.url.render_as_string(hide_password=False))
    with system.database.transaction() as session:
        id = session.scalar(text("SELECT id FROM call_log WHERE call_sid = :sid"), {"sid": call_sid})
    shutil.rmtree(system.folder / "recordings" / call_sid)
    for statement in AS_THE_OLD_SYSTEM_LEFT_IT.format(id=id).split(";"):
        execute(url, statement)
    assert db_migrate(url) == 0


def play(system: System, call_sid: str) -> httpx.Response:
    return httpx.get(f"{system.url}/api/recordings/{call_sid}/stream", headers=system.owner.headers, timeout=10)


def open_tasks(system: System) -> list[Any]:
    with system.database.transaction() as session:
        return [(task.call_id, task.stage) for task in session.query(Task)]
