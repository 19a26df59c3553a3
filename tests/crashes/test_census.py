"""The tables against the product: what a call comes by on its way must be in them."""

from contextlib import ExitStack

import pytest

from tests.crash_at import CENSUS
from tests.crashes.bench import Armed, Bench
from tests.crashes.points import QUEUES, Point, all_points, in_stages
from tests.crashes.right_end import wait_for_end

FAULTS = ("drop=recording-completed", "media_404")
STAGES = ("start", "download", "transcript", "summary")


def passed(census: Armed) -> set[str]:
    return set(census.marker.read_text().splitlines())


def lines_of(points: tuple[Point, ...]) -> set[str]:
    return {f"{point.inside} {point.seam}:{point.part}:{point.moment}" for point in points}


@pytest.mark.slow
def test_a_call_comes_by_no_seam_that_is_not_listed(bench: Bench) -> None:
    with ExitStack() as stack:
        counted = {}
        for stage in STAGES:
            stack.enter_context(bench.without(QUEUES[stage]))
            counted[stage] = stack.enter_context(bench.armed(CENSUS, "jobs.worker", QUEUES[stage]))
        web, _ = stack.enter_context(bench.armed_web(CENSUS))
        wait_for_end(bench, bench.call(*FAULTS).result())

        for stage in STAGES:
            assert passed(counted[stage]) <= lines_of(tuple(in_stages(stage)))
            assert len(passed(counted[stage])) >= len(in_stages(stage)) / 2
        assert passed(web) <= lines_of(tuple(all_points()))
