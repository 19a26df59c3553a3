"""What is printed: ratios with their extremes, which are wide on a machine that does other things too."""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.overhead.bare import Spent
from benchmarks.overhead.whole import TRANSCRIPTS, Stretch
from benchmarks.spread import ratios, spread

WIDE = 32
"""Characters of the column that says what a row is."""

Round = Sequence[tuple[Spent, Stretch]]
"""Calls, transcribed by the transcriber alone and put through the whole system in turn."""


def means(many: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each name."""
    return {name: statistics.fmean(one[name] for one in many) for name in many[0]}


def print_first(calls: Sequence[Stretch], waited: Sequence[float], load: Spent) -> None:
    """What the first calls of a transcripts worker took, and what loading the model takes."""
    print(f"\n{'first calls of a worker process':<{WIDE}}{'seconds':>10}{'CPU':>10}")
    for number, (call, seconds) in enumerate(zip(calls, waited, strict=True), 1):
        print(f"{f'call {number}, file to transcript':<{WIDE}}{seconds:>10.2f}{call.cpu[TRANSCRIPTS]:>10.2f}")
    print(f"{'loading the model, alone':<{WIDE}}{load.seconds:>10.2f}{load.cpu:>10.2f}")


def print_overhead(rounds: Sequence[Round]) -> None:
    """CPU seconds a call of the transcriber alone and of the worker, and the one over the other in each round."""
    alone = [statistics.fmean(bare.cpu for bare, _ in one) for one in rounds]
    worker = [statistics.fmean(call.cpu[TRANSCRIPTS] for _, call in one) for one in rounds]
    print(f"\n{'CPU seconds a call':<{WIDE}}{'median':>10}{'least - most':>15}")
    print(f"{'transcriber alone':<{WIDE}}{spread(alone)}")
    print(f"{'transcripts worker, whole job':<{WIDE}}{spread(worker)}")
    print(f"{'ratio, round by round':<{WIDE}}{ratios(worker, alone)}")
    print_shares("transcriber alone", means([bare.parts for one in rounds for bare, _ in one]))


def print_shares(title: str, parts: Mapping[str, float], of: str | None = None) -> None:
    """CPU seconds of a call by part, the dearest first, in percent of one of them or of all together."""
    whole = parts[of] if of else sum(parts.values())
    print(f"\n{title:<{WIDE}}{'CPU':>10}{'%':>8}")
    for name, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        print(f"{name:<{WIDE}}{seconds:>10.4f}{100 * seconds / whole:>8.1f}")


def print_processes(rounds: Sequence[Round], idle: Stretch) -> None:
    """What each process takes for a call beyond what it takes anyway, and all of them over the transcriber alone."""
    mean = means([call.beyond(idle) for one in rounds for _, call in one])
    alone = statistics.fmean(bare.cpu for one in rounds for bare, _ in one)
    print(f"\n{'CPU seconds of each process':<{WIDE}}{'a call':>10}{'idle, a second':>16}")
    for name, seconds in mean.items():
        print(f"{name:<{WIDE}}{seconds:>10.3f}{idle.cpu[name] / idle.seconds:>16.4f}")
    whole = sum(mean.values())
    print(f"{'all of them':<{WIDE}}{whole:>10.3f}{sum(idle.cpu.values()) / idle.seconds:>16.4f}")
    print(f"{'over the transcriber alone':<{WIDE}}{whole / alone:>10.3f}")


def print_side_by_side(calls: int, queued: Sequence[Spent], loops: Sequence[Spent]) -> None:
    """What two workers reach with a queue of so many calls, over two bare loops in the same round."""
    print(f"\n{'two at once':<{WIDE}}{'calls/s':>10}{'CPU/call':>10}{'cores busy':>12}")
    for name, rounds in (("two transcribers in loops", loops), ("two workers, one queue", queued)):
        rate = statistics.median(calls / one.seconds for one in rounds)
        cpu = statistics.median(one.cpu / calls for one in rounds)
        busy = statistics.median(one.cpu / one.seconds for one in rounds)
        print(f"{name:<{WIDE}}{rate:>10.3f}{cpu:>10.3f}{busy:>12.2f}")
    rates = ratios([calls / one.seconds for one in queued], [calls / one.seconds for one in loops])
    print(f"\n{'ratio, round by round':<{WIDE}}{'median':>10}{'least - most':>15}")
    print(f"{'calls a second':<{WIDE}}{rates}")
    print(f"{'CPU seconds a call':<{WIDE}}{ratios([one.cpu for one in queued], [one.cpu for one in loops])}")
