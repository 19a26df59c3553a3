"""One running system for all crash points."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.settings import environment
from launch import embedded
from tests.conftest import database_in, execute
from tests.crashes.bench import SMALL_TIMES, Bench
from tests.crashes.births import births
from tests.support.system import installed


@pytest.fixture(scope="package")
def bench(servers_folder: Path, postgres_url: str) -> Iterator[Bench]:
    folder = servers_folder / "crashes"
    folder.mkdir()
    execute(postgres_url, "CREATE DATABASE crashes TEMPLATE template")
    url = database_in(postgres_url, "crashes")
    with (
        embedded.valkey(folder / "valkey") as redis,
        installed(folder, url, redis, **SMALL_TIMES) as (system, known),
        births(folder / "births", environment(**known)) as nursery,
    ):
        bench = Bench(system, nursery)
        yield bench
        bench.close()
