"""A system for hundreds of calls, apart from the one the everyday tests share; and crews end with their test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch import embedded
from tests.conftest import database_in, execute
from tests.full import callers
from tests.support.crew import close_crews
from tests.support.system import System, running


@pytest.fixture(autouse=True)
def no_crew_is_left() -> Iterator[None]:
    yield
    close_crews()


@pytest.fixture(scope="session")
def short_audio(servers_folder: Path) -> Path:
    """Three seconds of speech: what is tested is the way, not the transcript."""
    return callers.write_short_audio(servers_folder / "short.wav")


@pytest.fixture(scope="module")
def busy_system(servers_folder: Path, postgres_url: str) -> Iterator[System]:
    """A whole system for the tests of one module."""
    folder = Path(tempfile.mkdtemp(prefix="busy-", dir=servers_folder))
    folder.chmod(0o755)
    execute(postgres_url, "CREATE DATABASE busy TEMPLATE template")
    with (
        embedded.valkey(folder / "valkey") as redis_url,
        running(folder, database_in(postgres_url, "busy"), redis_url, LEASE_SECONDS="30", STUCK_SECONDS="3") as system,
    ):
        yield system
    execute(postgres_url, "DROP DATABASE busy WITH (FORCE)")
