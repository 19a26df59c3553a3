"""The capacity page says what its program works out, and the program counts right."""

from itertools import pairwise

import pytest

from benchmarks import capacity
from benchmarks.capacity import A_DAY, MEASURED, SUPPOSED, Load
from conf.settings import ROOT

PAGE = ROOT / "docs" / "capacity.md"


@pytest.mark.parametrize("name", capacity.tables())
def test_the_page_holds_what_the_program_prints(name: str) -> None:
    assert capacity.tables()[name] in PAGE.read_text(), "write the output of python -m benchmarks.capacity into it"


def test_every_figure_says_where_it_is_from() -> None:
    assert all(figure.source and figure.value > 0 for figure in (MEASURED | SUPPOSED).values())


def test_ten_times_the_calls_need_at_most_ten_times_of_everything_and_never_less() -> None:
    loads = [Load(a_day) for a_day in A_DAY]
    needs = [
        (
            load.web_processes,
            load.calls_workers,
            load.recordings_workers,
            load.transcript_workers(load.peak),
            load.summaries_workers,
        )
        for load in loads
    ]

    for fewer, more in pairwise(needs):
        assert all(few <= many <= 10 * few for few, many in zip(fewer, more, strict=True))


def test_a_text_that_may_wait_for_the_night_needs_fewer_workers() -> None:
    load = Load(100_000)

    assert load.transcript_workers(load.mean) < load.transcript_workers(load.peak)
    assert load.peak == pytest.approx(100_000 * SUPPOSED["peak"].value / 3600)
