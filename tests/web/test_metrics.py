"""/metrics: what Prometheus reads of the whole installation, right after it has happened, by names it would choose."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from conf.settings import ROOT, with_driver
from db import alerts, claims, events, sweep_runs, tallies
from db.alerts import Cause
from db.breaker import REST_SECONDS
from db.engine import Database, connect
from db.events import Event
from db.tallies import Sum
from db.words import Stage
from jobs.conditions import RULES
from jobs.queues import Queues
from scheduler import lookout
from tests.support.calls import TERMS, get_call, make_calls, sid
from tests.support.people import People
from tests.support.servers import Server
from tests.support.system import eventually
from tests.support.twilio import Twilio
from tests.web import rows, variants
from web.house import House
from web.metrics import SOURCES

UNITS = {"seconds", "bytes"}
OTHER_UNITS = re.compile(r"_(ms|millis\w*|minutes?|hours?|days|percent|kb|mb|kilobytes|megabytes)\b")
LABELS = {
    "ending",
    "outcome",
    "stage",
    "state",
    "quantile",
    "recording",
    "queue",
    "sweep",
    "work",
    "path",
    "status",
} | {
    "source",
    "alert",
    "subject",
}
TOKEN = "a-token-that-only-prometheus-knows"
LONGEST_SECONDS = 2.3
"""With a frozen PostgreSQL: two seconds, and what a busy machine adds."""


def read(client: FlaskClient, **headers: str) -> dict[str, Metric]:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(found: dict[str, Metric], name: str, **labels: str) -> float | None:
    """Of the one sample with these labels; None where there is none."""
    total = name.removesuffix("_total")
    for sample in found[total].samples if total in found else ():
        if sample.name == name and labels.items() <= sample.labels.items():
            return float(sample.value)
    return None


@pytest.fixture
def busy(house: House, database: Database, redis: Redis, people: People) -> House:
    """One of everything that can happen has happened."""
    make_calls(database, Stage.DOWNLOAD, [1, 2], people.alice.business_id)
    make_calls(database, Stage.TRANSCRIPT, [3], people.alice.business_id)
    house.queues.admit(Stage.DOWNLOAD, people.alice.business_id)
    with database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, sid(1), "a worker", TERMS)
        sweep_runs.note(session, "leases", repaired=2)
        sweep_runs.count(session, "leases", requeued=3, given_up=1)
        tallies.add(session, Sum.AUDIO_SECONDS, {"": 61.5})
        alerts.note(session, "no_worker", [Cause("no_worker", "None is there.", subject="calls")])
        for event in (Event.RECORDING_STARTED, Event.RECORDING_COMPLETED, Event.DOWNLOADED, Event.TRANSCRIBED):
            events.note(session, get_call(session, 3).id, event, said_by="tests", second=0.25)
    call_sid = rows.add_call(
        database, people.alice.business_id, 5, call_status="completed", recording_status="completed", duration=60,
        recording_download_status="ready", transcript_status="completed", summary_status="failed", outcome="gave_up",
    )  # fmt: skip
    assert call_sid
    return house


def test_every_metric_is_named_as_prometheus_would_and_explained(busy: House, client: FlaskClient) -> None:
    Twilio(client).tells("call_status", CallStatus="ringing")
    text = client.get("/metrics").text

    families = list(text_string_to_metric_families(text))
    assert len(families) >= 20
    for family in families:
        assert re.fullmatch("second_zero_[a-z][a-z0-9_]*", family.name)
        assert not OTHER_UNITS.search(family.name)
        assert family.documentation
        assert f"# HELP {family.name}" in text
        assert family.samples
        if family.type == "counter":
            assert f"# TYPE {family.name}_total counter" in text
            assert {sample.name for sample in family.samples} == {f"{family.name}_total"}
        else:
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        assert {label for sample in family.samples for label in sample.labels} <= LABELS
        assert ("quantile" in str(family.samples)) == (family.type == "summary")


def test_what_has_just_happened_is_in_it(busy: House, client: FlaskClient) -> None:
    found = read(client)

    assert value(found, "second_zero_tasks", stage="download", state="waiting") == 1
    assert value(found, "second_zero_claims", stage="download") == 1
    assert value(found, "second_zero_tasks", stage="transcript", state="waiting") == 1
    assert (value(found, "second_zero_oldest_task_age_seconds", stage="transcript") or 0) > 0
    assert value(found, "second_zero_oldest_task_age_seconds", stage="summary") == 0
    assert value(found, "second_zero_queue_jobs", queue="recordings") == 2
    assert value(found, "second_zero_workers", queue="recordings") == 0
    assert (value(found, "second_zero_sweep_age_seconds", sweep="leases") or 0) > 0
    assert value(found, "second_zero_sweep_late", sweep="leases") == 0
    for work, number in {"requeued": 3, "given_up": 1, "repaired": 2}.items():
        assert value(found, "second_zero_sweep_calls_total", sweep="leases", work=work) == number
    assert value(found, "second_zero_audio_transcribed_seconds_total") == 61.5
    assert value(found, "second_zero_alert_firing", alert="no_worker", subject="calls") == 1
    assert value(found, "second_zero_calls_last_day", ending="failed", outcome="gave_up") == 1
    assert value(found, "second_zero_calls_last_day", ending="waiting", outcome="none") == 3
    assert value(found, "second_zero_given_up_calls") == 1
    assert (value(found, "second_zero_storage_free_bytes") or 0) > 0
    assert (value(found, "second_zero_stage_duration_seconds", stage="transcript", quantile="0.95") or 0) > 0
    assert value(found, "second_zero_stage_duration_calls", stage="download") == 1
    assert value(found, "second_zero_recording_head_seconds", quantile="0.5") == 0.25
    assert {sample.value for sample in found["second_zero_up"].samples} == {1}


def test_answers_to_the_phone_company_are_counted_by_path_and_status(client: FlaskClient, people: People) -> None:
    twilio = Twilio(client)
    twilio.calls_in(people.alice.number)
    for _ in range(2):
        twilio.says_of_recording("completed")
    client.post("/webhook/call_status", data={"CallSid": sid(1)})
    client.post("/webhook/nothing")

    found = read(client)

    assert value(found, "second_zero_webhooks_total", path="incoming_call", status="200") == 1
    assert value(found, "second_zero_webhooks_total", path="handle_recording", status="204") == 2
    assert value(found, "second_zero_webhooks_total", path="call_status", status="403") == 1
    assert len(found["second_zero_webhooks"].samples) == 3


@pytest.fixture
def cold(house: House, own_postgres: Server) -> House:
    """On a PostgreSQL of its own, with connections in its pool."""
    database = Database(connect(with_driver(own_postgres.url), statement_seconds=2, application="tests"))
    return replace(house, database=database, queues=Queues(house.queues.redis, database, slots=3))


def test_with_a_frozen_postgres_it_answers_in_time_and_catches_up_later(cold: House, own_postgres: Server) -> None:
    client = variants.client_of(cold)
    read(client)

    with own_postgres.frozen():
        assert Twilio(client).tells("call_status", CallStatus="ringing").status_code == 503
        time.sleep(REST_SECONDS)
        began = time.monotonic()
        found = read(client)
        assert time.monotonic() - began < LONGEST_SECONDS

    up = {sample.labels["source"]: sample.value for sample in found["second_zero_up"].samples}
    assert up == {source: float(source in ("redis", "disk")) for source in SOURCES}
    assert value(found, "second_zero_workers", queue="calls") == 0
    assert "second_zero_tasks" not in found
    eventually(lambda: value(read(client), "second_zero_webhooks_total", path="call_status", status="503") == 1, 3)


def test_numbers_that_can_not_be_had_hold_up_no_others_and_no_webhook(client: FlaskClient, database_url: str) -> None:
    twilio = Twilio(client)
    assert twilio.tells("call_status", CallStatus="ringing").status_code == 204
    with closing(psycopg2.connect(database_url)) as somebody:
        somebody.cursor().execute("LOCK TABLE tally IN ACCESS EXCLUSIVE MODE")
        found = read(client)
        assert twilio.tells("call_status", CallStatus="in-progress").status_code == 204

    assert {sample.labels["source"] for sample in found["second_zero_up"].samples if not sample.value} == {"sums"}
    assert value(read(client), "second_zero_webhooks_total", path="call_status", status="204") == 2


def test_without_redis_the_rest_is_told(house: House) -> None:
    found = read(variants.client_of(variants.without_redis(house)))

    assert value(found, "second_zero_up", source="redis") == 0
    assert value(found, "second_zero_up", source="calls") == 1
    assert "second_zero_queue_jobs" not in found


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"second_zero_\w+", expression))


def labels_in(expression: str) -> set[str]:
    """Those by which it groups or chooses."""
    chosen = re.findall(r"(\w+)(?:=|!=|=~|!~)\"", expression)
    grouped = [label for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(", ")]
    return {*chosen, *grouped} - {"job"}


def of_dashboard() -> list[str]:
    dashboard = json.loads((ROOT / "conf" / "grafana-dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def of_rules() -> list[str]:
    groups = yaml.safe_load((ROOT / "conf" / "prometheus-alerts.yml").read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("expressions", [of_dashboard, of_rules])
def test_the_dashboard_and_the_rules_ask_for_what_there_is(
    expressions: Callable[[], list[str]], busy: House, client: FlaskClient
) -> None:
    Twilio(client).tells("call_status", CallStatus="ringing")
    samples = [sample for family in read(client).values() for sample in family.samples]
    labels: dict[str, set[str]] = {}
    for sample in samples:
        labels.setdefault(sample.name, set()).update(sample.labels)

    for expression in expressions():
        names = names_in(expression)
        assert names <= labels.keys(), expression
        assert labels_in(expression) <= {label for name in names for label in labels[name]}, expression
        assert expression.count("(") == expression.count(")")


def test_every_metric_is_on_the_dashboard(busy: House, client: FlaskClient) -> None:
    Twilio(client).tells("call_status", CallStatus="ringing")
    shown = names_in(" ".join(of_dashboard()))

    assert {sample.name for family in read(client).values() for sample in family.samples} == shown


def test_every_alert_of_ours_that_metrics_can_tell_has_a_rule() -> None:
    groups = yaml.safe_load((ROOT / "conf" / "prometheus-alerts.yml").read_text())["groups"]
    rules = {rule["alert"] for group in groups for rule in group["rules"]}

    assert {*RULES, lookout.NAME} - rules == {"credentials_refused"}, "which comes through second_zero_alert_firing"


def test_nothing_in_it_is_about_one_business_or_person(busy: House, client: FlaskClient, people: People) -> None:
    Twilio(client).calls_in(people.alice.number)
    text = client.get("/metrics").text

    for secret in (people.alice.number, people.alice.email, "business", sid(1), "4155550"):
        assert secret not in text


@pytest.fixture
def guarded(house: House) -> Iterator[FlaskClient]:
    return variants.client_of(variants.under(house, metrics_token=TOKEN))


def test_who_has_the_token_or_is_an_operator_may_read_it_and_nobody_else(guarded: FlaskClient, people: People) -> None:
    def status(**headers: str) -> int:
        return guarded.get("/metrics", headers=headers).status_code

    assert status(Authorization=f"Bearer {TOKEN}") == 200
    assert status(**people.operator.headers) == 200
    assert status(**people.alice.headers) == 403
    assert status(Authorization=f"Bearer {TOKEN}x") == 401
    assert status(Authorization=TOKEN) == 401
    assert status() == 401


@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("10.1.2.3", None, 200),
        ("::1", None, 200),
        ("8.8.8.8", None, 401),
        ("::ffff:10.1.2.3", None, 200),
        ("::ffff:8.8.8.8", None, 401),
        ("", None, 401),
        ("2a00:1450::1", None, 401),
        ("127.0.0.1", "8.8.8.8", 401),
        ("10.1.2.3", "127.0.0.1", 401),
    ],
)
def test_without_a_token_neighbours_may_read_it_but_not_through_a_proxy(
    address: str, forwarded: str | None, status: int, client: FlaskClient
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code == status


def test_the_token_needs_no_postgres(house: House) -> None:
    client = variants.client_of(variants.without_postgres(variants.under(house, metrics_token=TOKEN)))

    assert value(read(client, Authorization=f"Bearer {TOKEN}"), "second_zero_up", source="calls") == 0
