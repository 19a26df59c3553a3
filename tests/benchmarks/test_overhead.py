"""How the benchmark of the pipeline's own CPU counts."""

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from benchmarks.overhead.bare import PARTS, READING
from benchmarks.overhead.stopwatch import Stopwatch
from benchmarks.overhead.watched import parts_a_job
from benchmarks.overhead.whole import OPERATORS_TIMES, Stretch
from benchmarks.spread import ratios


class Clock:
    """Goes on only when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


def test_a_part_within_another_is_taken_out_of_it() -> None:
    clock = Clock()
    watch = Stopwatch(clock)
    with watch.part("outer"):
        clock.spend(1)
        for _ in range(2):
            with watch.part("inner"):
                clock.spend(4)
        clock.spend(2)
    assert watch.spent == {"outer": 3, "inner": 8}


def test_a_watched_function_belongs_to_its_part_also_when_it_fails() -> None:
    clock = Clock()

    def fail() -> None:
        clock.spend(5)
        raise LookupError

    module = SimpleNamespace(fail=fail)
    watch = Stopwatch(clock)
    watch.watch(module, "fail", "failing")
    with pytest.raises(LookupError), watch.part("rest"):
        module.fail()
    assert watch.spent == {"failing": 5, "rest": 0}


def test_of_a_generator_only_its_own_work_belongs_to_its_part() -> None:
    clock = Clock()

    def items() -> Iterator[str]:
        for letter in "ab":
            clock.spend(1)
            yield letter
        clock.spend(1)

    module = SimpleNamespace(items=items)
    watch = Stopwatch(clock)
    watch.watch_each(module, "items", "making")
    with watch.part("using"):
        found = []
        for item in module.items():
            clock.spend(10)
            found.append(item)
    assert (found, watch.spent) == (["a", "b"], {"making": 3, "using": 20})


@pytest.mark.parametrize(("owner", "attribute", "part"), [READING, *PARTS])
def test_what_is_watched_is_there(owner: object, attribute: str, part: str) -> None:
    assert callable(getattr(owner, attribute)), part


def test_a_jobs_parts_leave_out_the_first_job_and_give_rq_the_rest() -> None:
    told = [
        {"all": 50.0},
        {"all": 60.0, "transcriber": 7.0},
        {"all": 64.0, "transcriber": 10.0},
        {"all": 68.0, "transcriber": 13.0},
    ]
    assert parts_a_job("\n".join(json.dumps(line) for line in told)) == {"transcriber": 3.0, "RQ": 1.0}


def test_a_call_is_not_charged_with_what_a_process_takes_anyway() -> None:
    idle = Stretch(60, {"web": 6, "scheduler": 3})
    call = Stretch(10, {"web": 5, "scheduler": 0.5})
    assert call.beyond(idle) == {"web": 4, "scheduler": 0}


def test_a_slow_round_counts_by_its_own_reference() -> None:
    found = ratios([1.1, 11.0, 1.3], [1.0, 10.0, 1.0])
    assert (found.median, found.least, found.most) == pytest.approx((1.1, 1.1, 1.3))


def test_the_system_is_measured_with_an_operators_times() -> None:
    assert (OPERATORS_TIMES["SWEEP_SECONDS"], OPERATORS_TIMES["LEASE_SECONDS"]) == ("60", "90")
