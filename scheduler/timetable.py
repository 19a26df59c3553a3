"""The timetable, as data: what runs how often. Every entry is a tick that may come twice, late, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.queues import MAINTENANCE


@dataclass(frozen=True)
class Entry:
    """A job with a fixed id, every so many seconds."""

    job_id: str
    function: str
    every_seconds: int
    queue: str = MAINTENANCE


def timetable(sweep_seconds: float) -> Sequence[Entry]:
    """All entries. Sweeps of leases come first: what they free is due at once."""
    every = max(1, round(sweep_seconds))
    return (
        Entry("sweep-leases", "jobs.sweeps.leases", every),
        Entry("sweep-due", "jobs.sweeps.due", every),
    )
