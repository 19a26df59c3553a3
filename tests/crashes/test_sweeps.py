"""Maintenance is killed at each point of each sweep, and the scheduler at each point of a tick."""

from collections.abc import Callable

import pytest

from scheduler.timetable import timetable
from tests.crashes.bench import SWEEP_SECONDS, Bench, Kill
from tests.crashes.points import SWEEPS, Point, in_scheduler, in_sweeps
from tests.crashes.right_end import NOBODY_SPOKE, ends_well, no_parts_are_left, wait_for_end
from tests.crashes.scenes import (
    LISTENING,
    RECORDED,
    abandoned,
    is_read,
    leave_a_part,
    lost_by_redis,
    outbound,
    unlisted,
    unread,
)
from tests.support.system import eventually

TROUBLES: dict[str, Callable[[Bench, str], None]] = {"leases": abandoned, "due": lost_by_redis, "unlisted": unlisted}
"""What each of them puts right."""


def test_every_sweep_of_the_timetable_has_its_points() -> None:
    assert {entry.function for entry in timetable(SWEEP_SECONDS)} == set(SWEEPS)


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps(*(f"jobs.sweeps.{name}" for name in TROUBLES)), ids=str)
def test_a_sweep_that_was_killed_is_made_up_for(bench: Bench, point: Point) -> None:
    with bench.without("recordings"), bench.without("maintenance"):
        call_sid = bench.call().result()
        TROUBLES[point.scope](bench, call_sid)
        with bench.armed(point, "jobs.worker", "maintenance") as armed:
            fired = armed.fired()

    ends_well(bench, Kill(call_sid, fired), is_swept_late=True)


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps("jobs.reconcile.recordings_there"), ids=str)
def test_a_recording_that_nobody_told_us_of_is_adopted_though_who_adopts_was_killed(bench: Bench, point: Point) -> None:
    with bench.without("maintenance"):
        call_sid = outbound(bench, Twiml=LISTENING, **RECORDED)
        with bench.armed(point, "jobs.worker", "maintenance") as armed:
            fired = armed.fired()

    ends_well(bench, Kill(call_sid, fired), like=NOBODY_SPOKE, is_swept_late=True)


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps("jobs.sweeps.unread"), ids=str)
def test_an_old_call_can_be_found_though_who_reads_it_was_killed(bench: Bench, point: Point) -> None:
    call_sid = bench.call().result()
    wait_for_end(bench, call_sid)
    with bench.without("maintenance"):
        unread(bench, call_sid)
        with bench.armed(point, "jobs.worker", "maintenance") as armed:
            armed.fired()

    eventually(lambda: is_read(bench, call_sid), 20)


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps("jobs.sweeps.leftovers"), ids=str)
def test_leftovers_go_though_who_removes_them_was_killed(bench: Bench, point: Point) -> None:
    leave_a_part(bench)
    with bench.without("maintenance"), bench.armed(point, "jobs.worker", "maintenance") as armed:
        armed.fired()

    no_parts_are_left(bench)


@pytest.mark.slow
@pytest.mark.parametrize("point", in_scheduler(), ids=str)
def test_sweeps_go_on_though_the_scheduler_was_killed(bench: Bench, point: Point) -> None:
    with bench.without("scheduler"):
        placed = bench.call("drop=recording-completed")
        with bench.armed(point, "scheduler") as armed:
            fired = armed.fired()

    ends_well(bench, Kill(placed.result(), fired), is_swept_late=True)
