"""One running system for all crash points."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from launch import embedded
from tests.conftest import database_in, execute
from tests.crashes.bench import SMALL_TIMES, Bench
from tests.crashes.births import births
from tests.support.system import running


@pytest.fixture(scope="package")
def bench(servers_folder: Path, postgres_url: str) -> Iterator[Bench]:
    folder = servers_folder / "crashes"
    folder.mkdir()
    execute(postgres_url, "CREATE DATABASE crashes TEMPLATE template")
    url = database_in(postgres_url, "crashes")
    with embedded.valkey(folder / "valkey") as redis, running(folder, url, redis, **SMALL_TIMES) as system:
        environment = psutil.Process(system.supervisor.pid).environ()
        with births(folder / "births", environment) as nursery:
            bench = Bench(system, nursery)
            yield bench
            bench.close()
