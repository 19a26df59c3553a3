"""Operators of a running system are told when a worker is gone, also the one that tells, and when it is back."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from xmlrpc.client import ServerProxy

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from supervisor.xmlrpc import SupervisorTransport

from db.models import Alert
from launch import embedded
from tests.conftest import database_in, execute
from tests.support.inbox import Inbox, open_inbox
from tests.support.servers import standing_still
from tests.support.system import System, eventually, running

pytestmark = pytest.mark.slow

WITHIN_SECONDS = 30


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture
def system(tmp_path: Path, postgres_url: str, inbox: Inbox) -> Iterator[System]:
    execute(postgres_url, "CREATE DATABASE told TEMPLATE template")
    url = database_in(postgres_url, "told")
    with (
        embedded.valkey(tmp_path / "valkey") as redis_url,
        running(tmp_path, url, redis_url, ALERT_URLS=inbox.address) as system,
    ):
        yield system
    execute(postgres_url, "DROP DATABASE told WITH (FORCE)")


def supervise(system: System, order: str, program: str) -> None:
    transport = SupervisorTransport(None, None, f"unix://{system.folder}/supervisor.sock")
    with ServerProxy("http://127.0.0.1", transport=transport) as supervisord:
        getattr(supervisord.supervisor, order)(f"second-zero:{program}")


def is_quiet(system: System) -> bool:
    """Nothing is wrong, and everybody knows."""
    with system.database.transaction() as session:
        rows = session.scalars(select(Alert)).all()
        return all(row.cleared_at and not row.heard_by for row in rows)


def arrives(inbox: Inbox, title: str) -> None:
    eventually(lambda: f"Second Zero: {title}" in inbox.titles, WITHIN_SECONDS)
    assert inbox.titles.count(f"Second Zero: {title}") == 1


def test_whoever_is_gone_is_missed_once_and_whoever_is_back_is_announced(
    system: System, inbox: Inbox, short_audio: Path
) -> None:
    system.final(system.call(short_audio))
    eventually(lambda: set(system.get("/readyz")["workers"].values()) == {1} and is_quiet(system), WITHIN_SECONDS)
    inbox.posts.clear()  # a busy machine may take longer to start everything than a sweep of one second waits

    supervise(system, "stopProcess", "summaries")
    arrives(inbox, "no worker: summaries")
    supervise(system, "startProcess", "summaries")
    arrives(inbox, "over: no worker: summaries")

    with standing_still([system.process("jobs.worker", "maintenance")]):
        arrives(inbox, "maintenance silent")
        assert any(run["late"] for run in system.get("/readyz")["sweeps"].values())
    arrives(inbox, "over: maintenance silent")

    text = urllib.request.urlopen(f"{system.url}/metrics").read().decode()
    found = {family.name: family.samples for family in text_string_to_metric_families(text)}
    answered = {sample.labels["path"]: sample.value for sample in found["second_zero_webhooks"]}
    assert answered["incoming_call"] == 1
    assert found["second_zero_audio_transcribed_seconds"][0].value == pytest.approx(3, abs=1)
    assert {sample.value for sample in found["second_zero_workers"]} == {1}
    assert inbox.address.rpartition("/")[2] not in system.log
