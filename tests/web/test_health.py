"""Alive means that the process answers; ready, that what it needs answers too."""

from dataclasses import replace

from flask.testing import FlaskClient
from sqlalchemy import update

from conf.settings import with_driver
from db import sweep_runs
from db.engine import Database, connect
from db.models import SweepRun
from db.tasks import seconds
from jobs.queues import QUEUES
from jobs.worker import make_worker
from tests.conftest import database_in, execute
from tests.web import variants
from web.house import House


def test_with_everything_there_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["database"], ready.get_json()["redis"]) == (200, "ok", "ok")


def test_without_redis_it_is_alive_and_not_ready(house: House) -> None:
    client = variants.client_of(variants.without_redis(house))

    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["database"]) == (503, "ok")
    assert ready.get_json()["redis"] != "ok"


def test_without_postgres_it_is_alive_and_not_ready(house: House) -> None:
    client = variants.client_of(variants.without_postgres(house))

    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_json()["redis"]) == (503, "ok")
    assert ready.get_json()["database"] != "ok"


def test_on_another_schema_it_is_not_ready_and_says_what_is_missing(house: House, postgres_url: str) -> None:
    execute(postgres_url, "CREATE DATABASE half TEMPLATE template")
    url = database_in(postgres_url, "half")
    execute(url, "ALTER TABLE call_log DROP COLUMN outcome")
    database = Database(connect(with_driver(url), statement_seconds=5, application="tests"))

    ready = variants.client_of(replace(house, database=database)).get("/readyz")

    assert ready.status_code == 503
    assert "call_log.outcome" in ready.get_json()["database"]
    database.engine.dispose()
    execute(postgres_url, "DROP DATABASE half WITH (FORCE)")


def test_a_late_sweep_and_a_queue_without_workers_are_told_and_it_stays_ready(
    client: FlaskClient, database: Database, house: House
) -> None:
    worker = make_worker(house.settings, "summaries")
    worker.register_birth()
    with database.transaction() as session:
        for name in ("leases", "due"):
            sweep_runs.note(session, name)
        session.execute(update(SweepRun).where(SweepRun.name == "due").values(ran_at=SweepRun.ran_at - seconds(6)))

    ready = client.get("/readyz")

    assert ready.status_code == 200
    assert {name: run["late"] for name, run in ready.get_json()["sweeps"].items()} == {"leases": False, "due": True}
    assert ready.get_json()["workers"] == {queue: int(queue == "summaries") for queue in QUEUES}
    worker.register_death()
    worker.crew.keeper.close()
