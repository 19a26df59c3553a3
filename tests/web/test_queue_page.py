"""rq-dashboard is the operators'; for everybody else there is no such page."""

import time
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rq.job import Job
from rq.serializers import JSONSerializer

from db.engine import Database
from db.words import Role
from jobs import redis as redis_connections
from jobs.queues import Queues
from tests.support.people import People, make_person
from tests.support.servers import Server
from tests.web import variants
from web.house import House

QUEUE = "recordings"
WITHOUT_REDIS_SECONDS = 1
PAGES = ("/admin/rq/", "/admin/rq/0/view/workers", "/admin/rq/0/data/queues.json", "/admin/rq/0/data/workers.json")


@pytest.fixture
def failed_job(house: House) -> Job:
    """A job in the registry of failed ones."""
    queue = house.queues.queue(QUEUE)
    job = Job.create("jobs.pipeline.work", args=("CA1",), connection=house.queues.redis, serializer=JSONSerializer)
    job.origin = QUEUE
    job.save()
    queue.failed_job_registry.add(job, ttl=60)
    return job


def test_only_an_operator_sees_the_queues(client: FlaskClient, people: People, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)

    for page in PAGES:
        assert client.get(page, headers=people.operator.headers).status_code == 200
        for headers in ({}, agent.headers, people.alice.headers):
            assert client.get(page, headers=headers).status_code == 404


def test_the_short_address_leads_to_the_page_and_only_for_an_operator(client: FlaskClient, people: People) -> None:
    operator = client.get("/admin/rq", headers=people.operator.headers, follow_redirects=True)

    assert operator.status_code == 200
    assert client.get("/admin/rq").status_code == 404
    assert client.get("/admin/rq", headers=people.alice.headers).status_code == 404


def test_who_may_not_see_it_hears_what_is_said_of_any_page_that_is_not_there(
    client: FlaskClient, people: People
) -> None:
    secret = client.get("/admin/rq/0/view/workers", headers=people.alice.headers)
    nothing = client.get("/admin/nothing", headers=people.alice.headers)

    assert secret.text.replace("/admin/rq/0/view/workers", "") == nothing.text.replace("/admin/nothing", "")


def test_a_redis_that_is_not_ours_is_not_there(client: FlaskClient, people: People) -> None:
    for page in ("/admin/rq/7/", "/admin/rq/1/data/workers.json"):
        assert client.get(page, headers=people.operator.headers).status_code == 404


def test_with_a_frozen_redis_an_operator_is_told_so_soon(
    house: House, people: People, own_valkey: Server, database: Database
) -> None:
    queues = Queues(redis_connections.connect(own_valkey.url), database, slots=3)
    client = variants.client_of(replace(house, queues=queues))
    for page in PAGES:
        assert client.get(page, headers=people.operator.headers).status_code == 200

    with own_valkey.frozen():
        for page in PAGES:
            began = time.monotonic()
            assert client.get(page, headers=people.operator.headers).status_code == 503
            assert time.monotonic() - began < WITHOUT_REDIS_SECONDS


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_a_link_requeues_nothing(
    method: str, client: FlaskClient, people: People, house: House, failed_job: Job
) -> None:
    answer = client.open(f"/admin/rq/requeue/{QUEUE}", method=method, headers=people.operator.headers)

    assert answer.status_code == 405
    assert house.queues.queue(QUEUE).failed_job_registry.count == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_site_can_not_change_the_queues(
    site: str, client: FlaskClient, people: People, house: House, failed_job: Job
) -> None:
    headers = people.operator.headers | {"Sec-Fetch-Site": site}

    for path in (f"/admin/rq/job/{failed_job.id}/delete", f"/admin/rq/queue/{QUEUE}/failed/empty"):
        assert client.post(path, headers=headers).status_code == 403
    assert house.queues.queue(QUEUE).failed_job_registry.count == 1


def test_its_own_looser_policy_holds_for_this_page_alone(app: Flask, client: FlaskClient, people: People) -> None:
    assert (
        "unsafe-inline" in client.get("/admin/rq/", headers=people.operator.headers).headers["Content-Security-Policy"]
    )
    assert "unsafe-inline" not in client.get("/login").headers["Content-Security-Policy"]
