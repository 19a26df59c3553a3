"""compose, Dockerfile, Procfile and the example of a deployment can't be run here; what they say is read."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import yaml

from conf.settings import ROOT, Settings
from jobs.queues import QUEUES

WORKERS = {f"python -m jobs.worker {queue}" for queue in QUEUES}
MIGRATE, WEB, SCHEDULER = "python -m db.migrate", "gunicorn web.wsgi", "python -m scheduler"
PROCESSES = {MIGRATE, WEB, SCHEDULER, *WORKERS}

LEAVE_SECONDS = 5
"""What handing back may take after the grace."""

PINNED = re.compile(r":(\$\{VERSION:-)?\d+\.\d+")
SECRET = re.compile(r"(PASSWORD|TOKEN|SECRET|KEY)")

Service = Mapping[str, Any]


@pytest.fixture(params=["compose.yaml", "compose.prod.yaml"])
def services(request: pytest.FixtureRequest) -> Mapping[str, Service]:
    found: Mapping[str, Service] = yaml.safe_load((ROOT / request.param).read_text())["services"]
    return found


def ours(services: Mapping[str, Service]) -> Mapping[str, Service]:
    """Those that run our image."""
    return {name: service for name, service in services.items() if "second-zero" in service["image"]}


def test_every_service_is_one_of_our_processes_and_nothing_is_missing(services: Mapping[str, Service]) -> None:
    assert {service["command"] for service in ours(services).values()} == PROCESSES


def test_exactly_one_service_migrates(services: Mapping[str, Service]) -> None:
    told = {name: service["environment"]["RUN_MIGRATIONS"] for name, service in ours(services).items()}

    assert Counter(told.values()) == Counter({"0": len(told) - 1, "1": 1})
    assert [name for name, told_to in told.items() if told_to == "1"] == ["migrate"]


def test_a_container_has_time_to_hand_its_call_back_before_it_is_killed(services: Mapping[str, Service]) -> None:
    for name, service in ours(services).items():
        grace = float(service["environment"].get("GRACE_SECONDS", Settings.model_fields["grace_seconds"].default))
        assert float(service["stop_grace_period"].removesuffix("s")) > grace + LEAVE_SECONDS, name


def test_whoever_stays_up_is_looked_after(services: Mapping[str, Service]) -> None:
    for name, service in services.items():
        if service.get("command") != MIGRATE:
            assert service["healthcheck"]["test"], name
            assert service["restart"] in ("always", "unless-stopped"), name


def test_a_workers_health_check_asks_for_its_own_queue(services: Mapping[str, Service]) -> None:
    for service in ours(services).values():
        if service["command"] in WORKERS:
            assert service["healthcheck"]["test"][-1] == service["command"].split()[-1]


def test_secrets_come_from_a_file_and_images_have_a_version(services: Mapping[str, Service]) -> None:
    for name, service in services.items():
        assert PINNED.search(service["image"]), name
        for variable, value in service.get("environment", {}).items():
            assert not SECRET.search(variable) or str(value).startswith("${"), variable
    assert {str(service["env_file"]) for service in ours(services).values()} <= {".env", ".env.prod"}


def test_the_image_is_built_on_versions_and_carries_no_secrets() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().split("\n")

    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"\w+:\d+\.\d+\.\d+-\S+", base) for base in bases)
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
    assert {".env*", ".git", "var", ".venv", "node_modules"} <= set(ignored)


def test_the_procfile_migrates_first_and_has_every_process() -> None:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())

    assert lines.pop("release") == MIGRATE
    assert lines.pop("web") == "gunicorn -c conf/gunicorn.conf.py web.wsgi"
    assert set(lines.values()) == WORKERS | {SCHEDULER}


def workflow() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    return found


def before(jobs: Mapping[str, Any], name: str) -> Iterator[str]:
    """The jobs that must have gone well, in their order."""
    for needed in jobs[name].get("needs", []):
        yield from before(jobs, needed)
        yield needed


def commands(job: Mapping[str, Any]) -> Sequence[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_a_deployment_is_checked_tested_migrated_and_looked_at_before_anything_new_runs() -> None:
    jobs = workflow()["jobs"]

    assert list(before(jobs, "deploy")) == ["check", "test", "migrate"]
    assert "make check" in commands(jobs["check"])
    assert "make test" in commands(jobs["test"])
    assert commands(jobs["migrate"])[-2:] == ["python -m db.migrate", "python -m db.migrate --check"]


def test_a_step_that_fails_stops_the_deployment() -> None:
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()

    for way_round in ("continue-on-error", "|| true", "always()", "failure()", "set +e"):
        assert way_round not in text
