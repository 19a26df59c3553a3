"""The timetable, as data: what runs how often. Every entry is a tick that may come twice, late, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from db import sweep_runs
from jobs.queues import MAINTENANCE


@dataclass(frozen=True)
class Entry:
    """A job with a fixed id, every so many seconds."""

    job_id: str
    function: str
    every_seconds: int
    queue: str = MAINTENANCE


FUNCTIONS = {
    "leases": "jobs.sweeps.leases",
    "due": "jobs.sweeps.due",
    "unlisted": "jobs.sweeps.unlisted",
    "recordings": "jobs.reconcile.recordings_there",
    "unread": "jobs.sweeps.unread",
    "deletions": "jobs.deletions.deletions",
    "leftovers": "jobs.sweeps.leftovers",
    "alerts": "jobs.alerts.alerts",
}
"""By the name of the sweep. Leases come first, since what they free is due at once; alerts last, when all have run."""


def timetable(sweep_seconds: float) -> Sequence[Entry]:
    """All entries."""
    return [
        Entry(f"sweep-{name}", function, sweep_runs.every(name, sweep_seconds)) for name, function in FUNCTIONS.items()
    ]
