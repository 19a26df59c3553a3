"""A worker that transcribes, and one that sums up, is killed at each point."""

import pytest

from tests.crashes.bench import Bench
from tests.crashes.points import Point, in_stages
from tests.crashes.right_end import ends_well


@pytest.mark.slow
@pytest.mark.parametrize("point", in_stages("transcript", "summary"), ids=str)
def test_a_text_whose_writer_was_killed_is_written_once(bench: Bench, point: Point) -> None:
    with bench.unswept(point):
        kill = bench.killed_worker(point, bench.call)

    ends_well(bench, kill, is_swept_late=point.seam == "enqueue")
