"""With a million calls /metrics answers as fast as with a few, and reads none but the last day's."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from benchmarks.stuck import MANY, STORED, UNCHECKED, open_database
from conf.settings import with_driver
from db.engine import Database, connect
from jobs.queues import Queues
from tests.conftest import database_in, execute
from tests.web import variants
from web.house import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ANSWERED_WITHIN_SECONDS = 2.5
"""Of a busy machine, also where most of it has to be left out."""

SCANS = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'call_log'"


@pytest.fixture(params=["30 seconds", "80 milliseconds"], ids=["of a year", "of a day"])
def many(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Database]:
    """A million calls, evenly."""
    execute(postgres_url, "CREATE DATABASE many TEMPLATE template")
    url = database_in(postgres_url, "many")
    with open_database(url).transaction() as session:
        session.execute(text(UNCHECKED))
        session.execute(text(STORED.format(calls=MANY).replace("30 seconds", request.param)))
    execute(url, "VACUUM ANALYZE")
    database = Database(connect(with_driver(url), statement_seconds=2, application="tests"))
    yield database
    database.engine.dispose()
    execute(postgres_url, "DROP DATABASE many WITH (FORCE)")


def test_the_last_day_s_calls_are_found_by_an_index_and_what_takes_too_long_is_left_out(
    many: Database, house: House
) -> None:
    client = variants.client_of(replace(house, database=many, queues=Queues(house.queues.redis, many, slots=3)))
    client.get("/metrics")
    before = scans(many)

    took = []
    for _ in range(5):
        began = time.monotonic()
        answer = client.get("/metrics")
        took.append(time.monotonic() - began)
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        left_out = [sample.labels["source"] for sample in families["second_zero_up"].samples if not sample.value]

    assert sorted(took)[2] < ANSWERED_WITHIN_SECONDS, took
    assert set(left_out) <= {"recordings", "calls", "durations"}
    assert scans(many) == before


def scans(database: Database) -> int:
    """How often call_log was read from one end to the other. PostgreSQL tells of it a second later."""
    time.sleep(1.5)
    with database.transaction() as session:
        return int(session.execute(text(SCANS)).scalar_one())
