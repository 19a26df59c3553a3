"""Nothing personal is on the operators' queue page: jobs are identifiers, and what failed tells no row."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker
from werkzeug.routing import Rule

from conf.logs import OneLineFormatter
from db.engine import Database
from db.words import Stage
from jobs.download import Download
from jobs.queues import QUEUES
from providers.storage import LocalStorage
from providers.telephony import Telephony
from tests.conftest import execute
from tests.support.calls import sid
from tests.support.crew import PACE, close_crews, make_crew, on_duty
from tests.support.people import People
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.web import sample_calls as sample
from web.house import House

PHONE, NAME, SPOKEN = "+14155557391", "Wilhelmina Featherstone", "my pin is four seven two nine"
REGISTRIES = ("queued", "failed", "finished", "started", "deferred", "scheduled")

BREAKS = "ALTER TABLE call_log ADD CONSTRAINT breaks CHECK (recording_download_status <> 'downloading') NOT VALID"
"""A constraint of somebody else's: PostgreSQL then complains of the row, and says what stands in it."""


@contextmanager
def broken(database_url: str) -> Iterator[None]:
    execute(database_url, BREAKS)
    try:
        yield
    finally:
        execute(database_url, "ALTER TABLE call_log DROP CONSTRAINT breaks")


@pytest.fixture
def failed_call(house: House, people: People, database: Database, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A worker took the call's download, and PostgreSQL refused what it wrote."""
    call_sid = sample.add_call(
        database,
        people.alice.business_id,
        1,
        from_number=PHONE,
        final_transcript=SPOKEN,
        summary=f"{NAME}: {SPOKEN}",
        **sample.WAITING_FOR_PLAY,
    )
    sample.open_stage(database, call_sid, Stage.DOWNLOAD)
    telephony = Telephony(ACCOUNT_SID, AUTH_TOKEN, "http://127.0.0.1:9")
    crew = make_crew(database, house.queues.redis, Download(telephony, LocalStorage(tmp_path), database, PACE))
    house.queues.enqueue_once(Stage.DOWNLOAD, call_sid)
    queue = house.queues.queue("recordings")
    with broken(database_url), on_duty(crew):
        SimpleWorker([queue], connection=house.queues.redis, serializer=JSONSerializer).work(burst=True)
    assert queue.failed_job_registry.count == 1
    house.queues.enqueue_once(Stage.TRANSCRIPT, call_sid)
    yield call_sid
    close_crews()


def addresses(call_sid: str) -> Sequence[str]:
    """Every page of it that can be looked at, and the data behind each."""
    jobs = [f"download-{call_sid}", f"transcript-{call_sid}"]
    lists = [f"{queue}/{registry}" for queue in QUEUES for registry in REGISTRIES]
    known = [
        *("/", "/0/", "/0/view", "/0/view/queues", "/0/view/workers", "/0/view/jobs"),
        *("/0/data/queues.json", "/0/data/workers.json"),
        *(f"/0/view/jobs/{one}/8/asc/1" for one in lists),
        *(f"/0/data/jobs/{one}/8/asc/1.json" for one in lists),
        *(f"/0/view/job/{job}" for job in jobs),
        *(f"/0/data/job/{job}.json" for job in jobs),
    ]
    return [f"/admin/rq{path}" for path in known]


def test_no_page_of_it_tells_a_number_a_name_or_a_word_that_was_said(
    client: FlaskClient, people: People, failed_call: str, house: House
) -> None:
    secret = str(urlsplit(house.settings.redis_url or "").password)
    told = {
        path: client.get(path, headers=people.operator.headers, follow_redirects=True)
        for path in addresses(failed_call)
    }

    wrong = [
        f"{path}: {canary}"
        for path, answer in told.items()
        for canary in (PHONE, PHONE[1:], NAME, SPOKEN, secret, AUTH_TOKEN)
        if canary in answer.text
    ]
    assert wrong == []
    assert {answer.status_code for answer in told.values()} == {200}
    failure = told[f"/admin/rq/0/data/job/download-{failed_call}.json"].text
    assert "violates check constraint" in failure, "what went wrong is still told"
    assert failed_call in failure


def test_every_page_that_can_be_looked_at_is_looked_at(app: Flask) -> None:
    looked_at = addresses(sid(1))
    left = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("rq_dashboard.")
        and "GET" in (rule.methods or ())
        and not any(fits(rule, path) for path in looked_at)
    ]

    assert sorted(left) == [
        "/admin/rq/favicon.ico",
        "/admin/rq/requeue/<queue_name>",
        "/admin/rq/static/<path:filename>",
    ]


def fits(rule: Rule, path: str) -> bool:
    """Whether the path is one of that rule."""
    pattern = re.sub(r"<[^>]+>", "[^/]+", rule.rule)
    return re.fullmatch(pattern, path) is not None


def test_neither_does_the_log(failed_call: str, caplog: pytest.LogCaptureFixture) -> None:
    written = [OneLineFormatter("%(message)s").format(record) for record in caplog.get_records("setup")]

    assert any("violates check constraint" in line for line in written)
    assert not [line for line in written for canary in (PHONE[1:], NAME, SPOKEN) if canary in line]
