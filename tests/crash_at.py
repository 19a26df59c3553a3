"""Runs a process that kills itself at one point: `python -m tests.crash_at POINT jobs.worker recordings`.

The file that CRASH_MARKER names says which process died, where and when. `--list` names all points. With `census` as
the point nobody dies: the file says what the process came by.
"""

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.crashes import points, traps

CENSUS = "census"
USAGE = "usage: CRASH_MARKER=FILE python -m tests.crash_at POINT MODULE [ARGUMENT]…, or --list"


def main(arguments: Sequence[str]) -> None:
    if list(arguments) == ["--list"]:
        sys.stdout.writelines(f"{point}\n" for point in points.all_points())
    elif len(arguments) < 2 or "CRASH_MARKER" not in os.environ:
        sys.exit(USAGE)
    else:
        arm(arguments[0])
        run(arguments[1:])


def arm(name: str) -> None:
    """From here on this process dies when it comes to the point of that name."""
    file = Path(os.environ["CRASH_MARKER"])
    if name == CENSUS:
        traps.arm(traps.Census(file), points.all_points())
        return
    try:
        point = points.named(name)
    except LookupError as error:
        sys.exit(str(error))
    traps.arm(traps.Trap(point, file), [point])


def run(command: Sequence[str]) -> None:
    """As `python -m` does."""
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
