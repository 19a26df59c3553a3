"""The timetable, as data: what runs how often. Every entry is a tick that may come twice, late, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.queues import MAINTENANCE

LEASES_A_SWEEP = 4
"""A killed worker's call waits for this sweep, which costs one look at an index."""

UNREAD_A_SWEEP = 4
"""A million old calls are to be found within hours; with none left it costs two looks at an index."""

SWEEPS_A_CLEANING = 10
"""Leftovers are in nobody's way."""


@dataclass(frozen=True)
class Entry:
    """A job with a fixed id, every so many seconds."""

    job_id: str
    function: str
    every_seconds: int
    queue: str = MAINTENANCE


def timetable(sweep_seconds: float) -> Sequence[Entry]:
    """All entries. Sweeps of leases come first: what they free is due at once."""
    return (
        Entry("sweep-leases", "jobs.sweeps.leases", _whole(sweep_seconds / LEASES_A_SWEEP)),
        Entry("sweep-due", "jobs.sweeps.due", _whole(sweep_seconds)),
        Entry("sweep-unlisted", "jobs.sweeps.unlisted", _whole(sweep_seconds)),
        Entry("sweep-recordings", "jobs.reconcile.recordings_there", _whole(sweep_seconds)),
        Entry("sweep-unread", "jobs.sweeps.unread", _whole(sweep_seconds / UNREAD_A_SWEEP)),
        Entry("sweep-deletions", "jobs.deletions.deletions", _whole(sweep_seconds)),
        Entry("sweep-leftovers", "jobs.sweeps.leftovers", _whole(sweep_seconds * SWEEPS_A_CLEANING)),
    )


def _whole(seconds: float) -> int:
    return max(1, round(seconds))
