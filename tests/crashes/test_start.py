"""A worker that starts recordings is killed at each point."""

import pytest

from tests.crashes.bench import Bench
from tests.crashes.points import Point, in_stages
from tests.crashes.right_end import ends_well

STARTS_ITSELF = {"is_to_start", "renew", "Telephony.start_recording"}
"""What is passed only while the call goes on and nobody records it."""

CALL_SECONDS = 12
"""Long enough for the next worker to record what is left of the call."""


POINTS = in_stages("start")


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in POINTS if point.part not in STARTS_ITSELF], ids=str)
def test_a_look_for_a_recording_that_was_killed_is_made_up_for(bench: Bench, point: Point) -> None:
    kill = bench.killed_worker(point, lambda: bench.call("drop=recording-completed"))

    ends_well(bench, kill)


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in POINTS if point.part in STARTS_ITSELF], ids=str)
def test_a_recording_whose_start_was_killed_is_started_once(bench: Bench, point: Point) -> None:
    too_early = ["create_21220"] if point.part == "renew" else []
    with bench.other_web(RECORDING_START="api"):
        kill = bench.killed_worker(point, lambda: bench.call(*too_early, seconds=CALL_SECONDS, speed=1), is_live=True)

    ends_well(bench, kill, more_seconds=CALL_SECONDS)
