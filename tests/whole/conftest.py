"""The whole system, running once for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.settings import ROOT
from launch import embedded
from tests.conftest import database_in, execute
from tests.full.conftest import busy_system, short_audio
from tests.support.system import System, running

__all__ = ["busy_system", "short_audio"]

DEMO = ROOT / "simulator" / "audio" / "demo_en.flac"


@pytest.fixture(scope="package")
def second_zero(servers_folder: Path, postgres_url: str) -> Iterator[System]:
    """Its database and Redis are its own."""
    folder = servers_folder / "system"
    folder.mkdir()
    execute(postgres_url, "CREATE DATABASE system TEMPLATE template")
    database_url = database_in(postgres_url, "system")
    with (
        embedded.valkey(folder / "valkey") as redis_url,
        running(folder, database_url, redis_url, outbound_audio=DEMO) as system,
    ):
        yield system
