"""What several rounds gave: a median and its extremes, which are wide on a machine that does other things too."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The median of what some rounds gave, and the extremes."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:>10.3f}{self.least:>10.3f} - {self.most:.3f}"


def spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], reference: Sequence[float]) -> Spread:
    """Round by round, so that a busy minute hits both."""
    return spread([mine / theirs for mine, theirs in zip(ours, reference, strict=True)])
