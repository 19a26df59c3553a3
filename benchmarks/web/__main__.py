"""`python -m benchmarks.web [--rounds 5] [--calls 1000000] [--listeners 100] [--small]` prints the tables."""

import argparse
import os
from collections.abc import Sequence

from benchmarks.web import listening, lists, rates, site, tables
from benchmarks.web.listening import Wish
from benchmarks.web.site import House

FEW = 10_000
PACE = 1_000_000
TIMES = 40
"""Of each list in a round."""

SMALL = {
    "rounds": 1,
    "seconds": 0.5,
    "few": 1000,
    "calls": 2000,
    "times": 3,
    "listeners": 8,
    "megabytes": 1,
}


def main(arguments: Sequence[str] | None = None, house: House | None = None) -> None:
    """Measure everything and print the tables; `house` is made where nobody has one."""
    options = _options(arguments)
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}")
    if house:
        return _measure(house, options)
    with site.house() as own:
        return _measure(own, options)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of each thing in a round")
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--calls", type=int, default=1_000_000, help="that are many")
    parser.add_argument("--times", type=int, default=TIMES, help="of each list in a round")
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--megabytes", type=float, default=100, help="that each listens to, at one a second")
    parser.add_argument("--small", action="store_true", help="all of it in seconds, to see that it runs")
    parser.add_argument("--only", choices=PARTS)
    given = parser.parse_args(arguments)
    if given.small:
        parser.set_defaults(**SMALL)
    return parser.parse_args(arguments)


def _measure(house: House, options: argparse.Namespace) -> None:
    for part, measure in PARTS.items():
        if options.only in (None, part):
            measure(house, options)


def _rates(house: House, options: argparse.Namespace) -> None:
    tables.print_rates(rates.measure(house, options.rounds, options.seconds))


def _lists(house: House, options: argparse.Namespace) -> None:
    sizes = (options.few, options.calls)
    tables.print_lists(sizes, lists.measure(house, sizes, options.rounds, options.times))


def _listening(house: House, options: argparse.Namespace) -> None:
    wish = Wish(options.listeners, int(options.megabytes * 1e6), PACE)
    tables.print_listening(wish, listening.measure(house, wish, 2 * options.seconds))


PARTS = {"rates": _rates, "lists": _lists, "listening": _listening}


if __name__ == "__main__":
    main()
