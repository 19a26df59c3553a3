"""What is printed: medians of the rounds, and ratios round by round."""

import statistics
from collections.abc import Sequence

from benchmarks.spread import ratios, spread
from benchmarks.web.listening import Listened, Wish
from benchmarks.web.lists import Times
from benchmarks.web.rates import FLOOR_OF, Rate, Round

WIDE = 34
"""Characters of the column that says what a row is."""

AMONG = "least - most"
P95 = 0.95
MS, MB = 1e3, 1e6


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many of a hundred don't exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def print_rates(rounds: Sequence[Round]) -> None:
    """Answers a second, and what they are of the floor's."""
    print(f"\n{'answers':<{WIDE}}{'a second':>10}{AMONG:>18}{'CPU ms':>9}{'slowest s':>11}{'refused':>9}")
    for name in rounds[0]:
        each = [one[name] for one in rounds]
        print(f"{name:<{WIDE}}{spread([rate.a_second for rate in each])}{_more(each)}")
    print(f"\n{'over the floor, round by round':<{WIDE}}{'median':>10}{AMONG:>18}")
    for name, floor in FLOOR_OF.items():
        ours, theirs = ([one[which] for one in rounds] for which in (name, floor))
        rates = ratios([rate.a_second for rate in ours], [rate.a_second for rate in theirs])
        print(f"{f'{name}, answers a second':<{WIDE}}{rates}")
        print(f"{f'{name}, CPU':<{WIDE}}{ratios([rate.cpu for rate in ours], [rate.cpu for rate in theirs])}")


def _more(rates: Sequence[Rate]) -> str:
    cpu = statistics.median(rate.cpu for rate in rates)
    slowest, refused = max(rate.slowest for rate in rates), sum(rate.refused for rate in rates)
    return f"{MS * cpu:>9.2f}{slowest:>11.3f}{refused:>9}"


def print_lists(sizes: Sequence[int], rounds: Sequence[Sequence[Times]]) -> None:
    """p95 of each question, and how it grows with what is stored."""
    few, many = (f"{size:,}" for size in sizes)
    print(f"\n{'recent calls, p95 in ms':<{WIDE}}{few:>12}{many:>12}{'ratio':>12}{AMONG:>18}")
    for name in rounds[0][0]:
        before, after = ([quantile(one[size][name], P95) for one in rounds] for size in (0, 1))
        shown = (f"{MS * statistics.median(values):>12.1f}" for values in (before, after))
        print(f"{name:<{WIDE}}{''.join(shown)}  {ratios(after, before)}")


def print_listening(wish: Wish, listened: Listened) -> None:
    """Memory, webhooks and /healthz, before, while and after."""
    print(f"\n{wish.listeners} listen to {wish.size / MB:g} MB each at {wish.pace / MB:g} MB/s; one core transcribes")
    begun, *_ = memory = listened.crowded.memory
    half = len(memory) // 2
    print(f"{'memory of the web processes':<{WIDE}}{'MB':>10}")
    for name, value in (
        ("before", listened.alone.memory[-1]),
        ("when they begin", begun),
        ("first half, at most", max(memory[: half or 1])),
        ("second half, at most", max(memory[half:])),
        ("afterwards", listened.afterwards),
    ):
        print(f"{name:<{WIDE}}{value:>10.1f}")
    print(f"\n{'ms':<{WIDE}}{'p50':>10}{'p99':>10}{'slowest':>10}{'number':>10}")
    for name, one in (("nobody listens", listened.alone), ("while they listen", listened.crowded)):
        for what, asked in (("webhooks", one.webhooks), ("/healthz", one.health)):
            times = "".join(f"{MS * quantile(asked, share):>10.1f}" for share in (0.5, 0.99, 1))
            print(f"{f'{what}, {name}':<{WIDE}}{times}{len(asked):>10}")
        print(f"{f'refused, {name}':<{WIDE}}{one.refused:>10}")
    _print_ends(wish, listened)


def _print_ends(wish: Wish, listened: Listened) -> None:
    whole = [end for end in listened.ends if end["bytes"] == wish.size]
    paces = spread([end["bytes"] / end["seconds"] / MB for end in whole]) if whole else "-"
    print(f"\n{'heard to the end':<{WIDE}}{len(whole):>10}")
    print(f"{'MB/s each':<{WIDE}}{paces}")
    crowded = listened.crowded
    print(f"{'CPU of the web processes, cores':<{WIDE}}{crowded.cpu / crowded.seconds:>10.2f}")
