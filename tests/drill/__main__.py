"""`python -m tests.drill --calls 300 --seed 1`: the storm, and the table of what held."""

import argparse
import sys
import time
from functools import partial

from launch import system
from tests.drill.drill import Drill, storm_was_whole
from tests.drill.invariants import check_all
from tests.drill.table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drill", description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begin = time.monotonic()
    drill = Drill(options.calls, options.seed, partial(_say, begin))
    system.stop_on_signals()
    with drill.stormed() as evidence:
        findings = [*check_all(evidence), storm_was_whole(evidence, options.calls)]
        print(table(findings, evidence))
    print(f"seed {options.seed}, {options.calls} calls, {time.monotonic() - begin:.0f} s in all")
    print(f"log, database and recordings are in {drill.folder}")
    return 1 if any(finding.broken for finding in findings) else 0


def _say(begin: float, line: str) -> None:
    print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
