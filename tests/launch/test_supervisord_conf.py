"""What supervisord reads from our files: which processes, how many of each, and how long they may take to stop."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from conf.settings import Settings
from jobs.queues import QUEUES
from launch import system

ONE_OF_EACH = Counter({"web", "scheduler", *QUEUES})


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """Our files beside a var/, as set-up leaves it."""
    (tmp_path / "var").mkdir()
    return Path(shutil.copytree(system.PROCESSES.parent, tmp_path / "conf"))


def read(conf: Path, **variables: str) -> ServerOptions:
    options = ServerOptions()
    options.environ_expansions.update({f"ENV_{name}": value for name, value in variables.items()})
    options.realize(["-n", "-c", str(conf)], doc="")
    return options


def kinds(options: ServerOptions, group: str = "second-zero") -> Counter[str]:
    """How many processes of each kind the group has."""
    (found,) = [one for one in options.process_group_configs if one.name == group]
    return Counter(process.name.partition("-")[0] for process in found.process_configs)


def numbers(**known: int) -> dict[str, str]:
    settings = Settings(_env_file=None, **known)  # type: ignore[arg-type]
    return {name: str(number) for name, number in settings.processes.items()}


def test_the_plain_file_runs_one_of_each_and_needs_no_variable(conf: Path) -> None:
    options = read(conf / "supervisord.conf")

    assert kinds(options) == ONE_OF_EACH
    assert kinds(options, "watch") == Counter({"watch": 1})


def test_as_many_run_as_the_environment_says(conf: Path) -> None:
    wanted = numbers(transcripts_workers=3, recordings_workers=2, web_servers=0, schedulers=0)

    assert kinds(read(conf / system.PROCESSES.name, **wanted)) == Counter(
        {"calls": 1, "recordings": 2, "transcripts": 3, "summaries": 1, "maintenance": 1}
    )


def test_the_demo_runs_all_of_it_beside_the_phone_company(conf: Path) -> None:
    options = read(conf / system.DEMO_PROCESSES.name, SIMULATOR_PORT="5050", **numbers())

    assert kinds(options) == ONE_OF_EACH
    assert {group.name for group in options.process_group_configs} == {"second-zero", "watch", "phone-company"}


def test_a_worker_has_time_to_hand_its_call_back_before_it_is_killed(conf: Path) -> None:
    read_from = read(conf / system.PROCESSES.name, **numbers())
    (group,) = [one for one in read_from.process_group_configs if one.name == "second-zero"]
    grace = Settings.model_fields["grace_seconds"].default

    for process in group.process_configs:
        if process.name.partition("-")[0] in QUEUES:
            assert process.stopwaitsecs > grace + 5, process.name
        assert process.startretries >= 1000, process.name
        assert process.autorestart
