"""The benchmark of the web process runs, counts right, and says what it measured."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.web import __main__ as benchmark
from benchmarks.web.site import House
from benchmarks.web.tables import WIDE, quantile

EVENTS = ("call_status", "handle_recording", "status poll")
LISTS = ("/api/calls", "/api/calls, the middle", "/api/calls, an operator's", "/")

Run = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def run(postgres_url: str, redis_url: str, servers_folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Measure a part of it at toy size; the numbers in each row that it prints."""

    def measure(part: str) -> dict[str, list[str]]:
        folder = servers_folder / f"benchmark-{part}"
        folder.mkdir()
        benchmark.main(["--small", "--only", part], House(folder, postgres_url, redis_url))
        lines = capsys.readouterr().out.splitlines()
        return {line[:WIDE].strip(): re.findall(r"[\d.]+", line[WIDE:]) for line in lines}

    return measure


@pytest.mark.slow
def test_webhooks_and_polls_are_counted_and_none_is_refused(run: Run) -> None:
    rows = run("rates")

    assert {rows[name][-1] for name in EVENTS} == {"0"}
    assert all(float(rows[f"{name}, answers a second"][0]) > 0 for name in EVENTS)


@pytest.mark.slow
def test_lists_are_timed_with_few_and_with_many_calls(run: Run) -> None:
    rows = run("lists")

    assert all(min(map(float, rows[name])) > 0 for name in LISTS)


@pytest.mark.slow
def test_listeners_hear_everything_while_webhooks_are_timed(run: Run) -> None:
    rows = run("listening")

    assert rows["heard to the end"] == ["8"]
    assert rows["refused, while they listen"] == ["0"]
    assert float(rows["second half, at most"][0]) > 0


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(100, 0, -1)]

    assert [quantile(values, share) for share in (0, 0.5, 0.95, 1)] == [1, 51, 96, 100]
