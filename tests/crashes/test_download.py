"""A worker that downloads is killed at each point."""

import pytest

from tests.crashes.bench import Bench, Kill
from tests.crashes.points import Point, in_adoption, in_stages, named
from tests.crashes.right_end import ends_well, no_parts_are_left
from tests.crashes.scenes import of_nobody

WHOSE_IS_IT = {("commit", "identify"), ("ask", "Telephony.call")}
FINISHED = named("download:commit:write:before")
"""The file is in its place, and no row names it."""


@pytest.mark.slow
@pytest.mark.parametrize("point", in_stages("download"), ids=str)
def test_a_download_that_was_killed_is_made_up_for(bench: Bench, point: Point) -> None:
    faults = ["media_404"] if point.part == "Telephony.recording_status" else []
    is_unknown = (point.seam, point.part) in WHOSE_IS_IT

    with bench.unswept(point):
        kill = bench.killed_worker(point, lambda: of_nobody(bench) if is_unknown else bench.call(*faults))

    ends_well(bench, kill, downloads=2, is_swept_late=point.seam == "enqueue")


@pytest.mark.slow
@pytest.mark.parametrize("point", in_adoption(), ids=str)
def test_a_finished_file_is_taken_over_though_the_one_who_does_so_was_killed(bench: Bench, point: Point) -> None:
    with bench.without("recordings"):
        placed = bench.call()
        for armed_at in (FINISHED, point):
            with bench.armed(armed_at, "jobs.worker", "recordings") as armed:
                fired = armed.fired()

    ends_well(bench, Kill(placed.result(), fired))


@pytest.mark.slow
def test_no_part_of_a_file_stays_behind(bench: Bench) -> None:
    kill = bench.killed_worker(named("download:bytes:media:first"), bench.call)

    ends_well(bench, kill, downloads=2)
    no_parts_are_left(bench)
