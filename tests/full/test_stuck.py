"""With a million calls stored the sweeps read no more than with ten thousand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.stuck import FEW, MANY, Costs, measure, open_database, read_whole
from tests.conftest import database_in, execute

GROWTH = 1.5
"""An index on a million rows is a level higher than one on ten thousand, and holds some pages of dead rows."""

FEW_PAGES = 500

FILLED = {"call_log", "recording", "webhook_delivery"}
"""Tables that have a million rows here; small and empty ones are best read whole."""


@pytest.fixture
def costs(postgres_url: str, redis_url: str, tmp_path: Path) -> Iterator[list[Costs]]:
    """Of every statement the sweeps run: with few calls stored, and with many."""
    execute(postgres_url, "CREATE DATABASE stuck TEMPLATE template")
    database = open_database(database_in(postgres_url, "stuck"))
    yield [measure(database, redis_url, tmp_path, calls) for calls in (FEW, MANY)]
    database.engine.dispose()
    execute(postgres_url, "DROP DATABASE stuck WITH (FORCE)")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_cost_of_every_sweep_follows_what_is_stuck_and_not_what_is_stored(costs: list[Costs]) -> None:
    few, many = costs

    assert {cost.sweep for cost in many.values()} >= {"leases", "due", "unlisted", "leftovers"}
    assert read_whole(many.values()).isdisjoint(FILLED)
    for key, cost in many.items():
        known = few.get(key)
        assert cost.pages <= (known.pages if known else 0) * GROWTH + FEW_PAGES, cost
