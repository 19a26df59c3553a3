"""Each alert fires when its cause happens and clears when it is over; what is told arrives at a real web server."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
from redis import Redis
from sqlalchemy import text, update

from conf.settings import ROOT, Settings, environment
from db import claims, stages
from db.claims import Terms
from db.engine import Database
from db.models import Alert, SweepRun
from db.tasks import seconds
from db.words import Outcome, Stage
from jobs import alerts, queues, reconcile, sweeps
from jobs.conditions import RULES, Limits
from jobs.crews import maintenance
from jobs.keeper import Held
from jobs.pipeline import Crew, Settle
from jobs.upkeep import Upkeep
from jobs.worker import make_worker
from providers.errors import ProviderError, Unavailable
from providers.telephony import REFUSED, Telephony
from scheduler import lookout
from scheduler.__main__ import make_lookout
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.calls import get_call, make_calls, sid
from tests.support.crew import Acting, make_crew, make_maintenance, on_duty, work
from tests.support.inbox import Inbox, open_inbox
from tests.support.people import People
from tests.support.system import eventually
from tests.support.twilio import Twilio
from tests.web import rows

SOON = Limits(sweep=0.1, stuck=0.1)
"""What takes minutes takes a moment; a sweep is late after five seconds."""

ONE_ATTEMPT = Terms(slots=3, lease=60, attempts=1)
OF_QUEUES = tuple(f"no worker: {queue}" for queue in queues.QUEUES)
A_DAY = 24 * 3600
ROOM = 256 << 20
"""Bytes: more than whoever else runs here writes meanwhile."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture
def crew(database: Database, redis: Redis, tmp_path: Path, inbox: Inbox) -> Crew:
    return make_maintenance(database, redis, tmp_path, limits=SOON, alert_urls=inbox.address)


def look(crew: Crew, *wanted: Callable[[], None]) -> None:
    """The sweeps run, and the alerts after them."""
    with on_duty(crew):
        for sweep in (*wanted, alerts.alerts):
            sweep()


def limited(crew: Crew, **limits: float) -> Crew:
    """The same worker with other limits."""
    assert isinstance(crew.trade, Upkeep)
    return replace(crew, trade=replace(crew.trade, limits=replace(crew.trade.limits, **limits)))


def with_phone_company(crew: Crew, url: str, token: str = ACCOUNT.auth_token) -> Crew:
    assert isinstance(crew.trade, Upkeep)
    return replace(crew, trade=replace(crew.trade, telephony=Telephony(ACCOUNT.account_sid, token, url)))


def told(inbox: Inbox, name: str) -> list[str]:
    """Of an alert, or those whose names begin so: what has arrived, without our name."""
    titles = [title.removeprefix("Second Zero: ") for title in inbox.titles]
    return [title for title in titles if title.removeprefix("over: ").startswith(name.replace("_", " "))]


def let_pass(database: Database, by: float) -> None:
    """As if so many seconds had passed since whatever has happened."""
    with database.transaction() as session:
        for column in (SweepRun.ran_at, SweepRun.repaired_at, Alert.due_at):
            session.execute(update(column.class_).values({column: column - seconds(by)}))
        session.execute(text(f"UPDATE call_log SET created_at = created_at - interval '{by} seconds'"))


def test_calls_given_up(database: Database, redis: Redis, crew: Crew, inbox: Inbox) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    look(crew)
    assert told(inbox, "calls_given_up") == []

    work(
        make_crew(database, redis, Acting(Stage.DOWNLOAD, failing(Unavailable("phone_company", "x"))), ONE_ATTEMPT),
        sid(1),
    )
    for _ in range(2):
        look(crew)
    assert told(inbox, "calls_given_up") == ["calls given up"]

    with database.transaction() as session:
        call = get_call(session, 1)
        assert call.outcome == Outcome.GAVE_UP
        stages.reopen(call, Stage.DOWNLOAD)
    look(crew)
    assert told(inbox, "calls_given_up") == ["calls given up", "over: calls given up"]


def failing(error: ProviderError) -> Callable[[Held], Settle]:
    def act(held: Held) -> NoReturn:
        raise error

    return act


def test_a_sweep_that_does_not_get_through(database: Database, crew: Crew, company: Company, inbox: Inbox) -> None:
    slow = limited(crew, sweep=10)
    away = with_phone_company(slow, "http://127.0.0.1:9")
    look(away, reconcile.recordings_there, sweeps.due)
    let_pass(database, 40)
    look(away, reconcile.recordings_there, sweeps.due)
    let_pass(database, 11)
    look(away, reconcile.recordings_there, sweeps.due)
    assert told(inbox, "sweep_late") == [], "late, but perhaps only behind others"

    let_pass(database, 10)
    look(away, reconcile.recordings_there, sweeps.due)
    assert told(inbox, "sweep_late") == ["sweep late: recordings"]
    assert any("(phone_company)" in post["message"] for post in inbox.posts)

    look(with_phone_company(slow, company.url), reconcile.recordings_there, sweeps.due)
    assert told(inbox, "sweep_late")[1:] == ["over: sweep late: recordings"]


def test_a_queue_without_a_worker(
    database_url: str, redis_url: str, redis: Redis, crew: Crew, tmp_path: Path, inbox: Inbox
) -> None:
    eventually(lambda: look(crew) or sorted(told(inbox, "no_worker")) == sorted(OF_QUEUES), 3)
    known = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "STORAGE_URL": (tmp_path / "recordings").as_uri()}
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "jobs.worker", "summaries"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment(**known), stdout=log, stderr=log)
    inbox.posts.clear()
    try:
        eventually(lambda: look(crew) or told(inbox, "no_worker") == ["over: no worker: summaries"], 30)
    finally:
        worker.kill()
        worker.wait()
    for key in redis.smembers("rq:workers:summaries"):
        redis.pexpire(key, 1)  # as if two minutes had passed without a heartbeat

    eventually(lambda: look(crew) or told(inbox, "no_worker")[1:] == ["no worker: summaries"], 3)


def test_a_worker_is_known_again_after_a_flush_of_redis(settings: Settings, redis: Redis, crew: Crew) -> None:
    worker = make_worker(settings, "summaries")
    worker.register_birth()
    redis.flushall()
    assert (crew.queues.workers() or {})["summaries"] == 0

    worker.heartbeat()
    assert (crew.queues.workers() or {})["summaries"] == 1
    worker.register_death()
    assert (crew.queues.workers() or {})["summaries"] == 0
    worker.crew.keeper.close()


def test_an_address_that_apprise_does_not_know_keeps_whoever_would_tell_from_starting(
    settings: Settings, database: Database
) -> None:
    wrong = settings.model_copy(update={"alert_urls": "slak://swordfish/"})

    for start in (partial(maintenance.trade, wrong, database), partial(make_lookout, wrong)):
        with pytest.raises(SystemExit) as stopped:
            start()
        assert str(stopped.value).startswith("ALERT_URLS: address 1: ")
        assert "swordfish" not in str(stopped.value)


def test_many_downloads_that_wait(database: Database, crew: Crew, inbox: Inbox) -> None:
    make_calls(database, Stage.DOWNLOAD, range(1, 11))
    look(crew)
    make_calls(database, Stage.DOWNLOAD, [11])
    patient = limited(crew, stuck=600)
    look(patient)
    assert told(inbox, "downloads_wait") == [], "a crowd is no queue until it has stood there for ten minutes"

    let_pass(database, 600)
    look(patient)
    assert told(inbox, "downloads_wait") == ["downloads wait"]

    with database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, sid(1), "a worker", ONE_ATTEMPT)
    look(patient)
    assert told(inbox, "downloads_wait")[1:] == ["over: downloads wait"]


def test_recordings_of_the_last_day(database: Database, crew: Crew, inbox: Inbox) -> None:
    def add(number: int, status: str) -> None:
        rows.add_call(
            database, None, number, recording_status="completed", recording_download_status=status, duration=30
        )

    for number in range(1, 100):
        add(number, "ready")
    add(100, "failed")
    look(crew)
    assert told(inbox, "recordings") == [], "one in a hundred"

    add(101, "failed")
    look(crew)
    assert told(inbox, "recordings") == ["recordings failed"]
    for number in range(102, 108):
        add(number, "missing")
    look(crew)
    assert told(inbox, "recordings")[1:] == ["recordings waiting"]
    for number in range(108, 128):
        add(number, "queued")
    look(crew)
    assert told(inbox, "recordings")[2:] == ["recordings not ready"]
    assert "Of 127 recordings of the last day 99 (78%) are ready." in inbox.posts[-1]["message"]

    let_pass(database, A_DAY)
    look(crew)
    assert sorted(told(inbox, "recordings")[3:]) == [
        "over: recordings failed",
        "over: recordings not ready",
        "over: recordings waiting",
    ]


def test_a_recording_that_has_just_ended_is_on_its_way_and_no_alert(
    database: Database, crew: Crew, inbox: Inbox
) -> None:
    patient = limited(crew, stuck=600)
    rows.add_call(database, None, 11, recording_status="completed", recording_download_status="missing", duration=120)
    look(patient)
    assert told(inbox, "recordings") == []

    let_pass(database, 120)
    look(patient)
    assert sorted(told(inbox, "recordings")) == ["recordings not ready", "recordings waiting"]


def test_repairs(database: Database, crew: Crew, inbox: Inbox) -> None:
    look(crew, sweeps.unlisted)
    assert told(inbox, "repairs") == []
    rows.add_recorded_call(database, None, number=60, recording_download_status="missing")

    look(crew, sweeps.unlisted)
    look(crew, sweeps.unlisted)
    assert told(inbox, "repairs") == ["repairs"]

    let_pass(database, A_DAY)
    look(crew, sweeps.unlisted)
    assert told(inbox, "repairs") == ["repairs", "over: repairs"]


def test_credentials_that_twilio_refuses_to_a_sweep(
    database: Database, crew: Crew, company: Company, inbox: Inbox
) -> None:
    look(with_phone_company(crew, company.url, "an old token"), reconcile.recordings_there)
    let_pass(database, 600)
    look(with_phone_company(crew, company.url, "an old token"), reconcile.recordings_there)
    assert told(inbox, "credentials") == ["credentials refused"]
    assert told(inbox, "sweep_late") == [], "it would be the same news"

    look(with_phone_company(crew, company.url), reconcile.recordings_there)
    assert told(inbox, "credentials")[1:] == ["over: credentials refused"]


def test_credentials_that_twilio_refuses_to_a_worker(
    database: Database, redis: Redis, crew: Crew, inbox: Inbox
) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(make_crew(database, redis, Acting(Stage.DOWNLOAD, failing(Unavailable("credentials", REFUSED)))), sid(1))
    look(crew)
    assert told(inbox, "credentials") == ["credentials refused"]

    with database.transaction() as session:
        get_call(session, 1).last_error = None
    look(crew)
    assert told(inbox, "credentials")[1:] == ["over: credentials refused"]


def test_a_disk_that_runs_full(crew: Crew, tmp_path: Path, inbox: Inbox) -> None:
    disk = shutil.disk_usage(tmp_path)
    tight = limited(crew, least_free=(disk.free - ROOM) / disk.total)
    look(tight)
    assert told(inbox, "disk_full") == []

    with (tmp_path / "a large file").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 * ROOM)
    look(tight)
    assert told(inbox, "disk_full") == ["disk full"]

    (tmp_path / "a large file").unlink()
    look(tight)
    assert told(inbox, "disk_full")[1:] == ["over: disk full"]


def test_two_recordings_on_one_call(
    database: Database, crew: Crew, twilio: Twilio, people: People, inbox: Inbox
) -> None:
    twilio.calls_in(people.alice.number)
    twilio.says_of_recording("completed")
    look(crew)
    assert told(inbox, "two_recordings") == []

    twilio.says_of_recording("completed", RecordingSid="RE" + "b" * 32)
    look(crew)
    assert told(inbox, "two_recordings") == ["two recordings"]

    let_pass(database, A_DAY)
    look(crew)
    assert told(inbox, "two_recordings")[1:] == ["over: two recordings"]


def test_every_alert_is_explained_in_the_runbook() -> None:
    explained = (ROOT / "docs" / "runbook.md").read_text().partition("\n## Alerts\n")[2]

    for name in (*RULES, lookout.NAME):
        assert re.search(rf"^\*\*.*\b{name}\b.*\*\*", explained, re.MULTILINE)
