"""Every crash point: a seam of a scope, before or after. They follow from the tables here, and only from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

BEFORE, AFTER = "before", "after"

MOMENTS: Mapping[str, Sequence[str]] = {
    "commit": (BEFORE, AFTER),
    "enqueue": (BEFORE, AFTER),
    "zadd": (BEFORE, AFTER),
    "fsync": (BEFORE, AFTER),
    "rename": (BEFORE, AFTER),
    "unlink": (BEFORE, AFTER),
    "ask": (BEFORE, AFTER),
    "bytes": ("first", "last"),
    "progress": ("1", "50", "99"),
}
"""The seams, and where in each a process can be killed. `ask` is a question to a provider, `bytes` the pieces of a
recording on their way here, `progress` the percentage of a transcript."""

Seams = Mapping[str, Sequence[str]]
"""The parts of each seam that a scope passes through; `#2` is the second time. A commit's part is the function whose
transaction it ends."""

STAGES: Mapping[str, Seams] = {
    "start": {
        "commit": ("claim", "is_to_start", "renew", "write", "let_in", "admit_recording", "admit_download"),
        "enqueue": ("download",),
        "ask": ("Telephony.call", "Telephony.recordings", "Telephony.start_recording"),
    },
    "download": {
        "commit": (
            *("claim", "identify", "identify#2", "work", "renew", "write", "let_in"),
            *("admit_download", "admit_transcript"),
        ),
        "enqueue": ("transcript",),
        "ask": ("Telephony.call", "Telephony.recording_status", "Media.open"),
        "bytes": ("media",),
        "fsync": ("file", "folder", "folder#2"),
        "rename": ("file",),
        "unlink": ("file",),
    },
    "transcript": {
        "commit": ("claim", "work", "renew", "write", "let_in", "admit_transcript", "admit_summary"),
        "enqueue": ("summary",),
        "ask": ("WhisperTranscriber.transcribe",),
        "progress": ("transcribe",),
    },
    "summary": {
        "commit": ("claim", "work", "write", "let_in", "admit_summary"),
        "ask": ("ExtractiveSummarizer.summarize",),
    },
}
"""What a worker passes through with a call's stage. Nothing stands in line after a summary, so it enqueues nothing."""

ADOPTION: Seams = {
    "rename": ("file",),
    "fsync": ("folder", "folder#2", "folder#3"),
    "unlink": ("file",),
}
"""A download that takes over a finished file, which an interrupted one has left."""

WEBHOOKS: Mapping[str, Seams] = {
    "incoming_call": {"commit": ("put_through", "admit_recording"), "enqueue": ("recording",)},
    "outbound_call": {"commit": ("put_through", "admit_recording"), "enqueue": ("recording",)},
    "call_status": {"commit": ("call_status", "admit_recording"), "enqueue": ("recording",)},
    "handle_recording": {
        "commit": ("handle_recording", "admit_download", "admit_recording"),
        "enqueue": ("download", "recording"),
    },
    "stream_status": {"commit": ("stream_status",)},
    "stream_ended": {"commit": ("stream_ended",)},
    "debugger": {"commit": ("debugger", "admit_recording"), "enqueue": ("recording",)},
    "fallback": {"commit": ("fallback", "admit_recording"), "enqueue": ("recording",)},
}
"""After `enqueue` comes the answer."""

SWEEPS: Mapping[str, Seams] = {
    "jobs.sweeps.leases": {"commit": ("leases", "admit_download"), "enqueue": ("download",)},
    "jobs.sweeps.due": {"commit": ("due", "admit_download"), "enqueue": ("download",)},
    "jobs.sweeps.unlisted": {"commit": ("unlisted", "admit_download"), "enqueue": ("download",)},
    "jobs.sweeps.unread": {"commit": ("unread", "read_some")},
    "jobs.sweeps.leftovers": {"commit": ("leftovers",), "unlink": ("file",)},
    "jobs.reconcile.recordings_there": {
        "commit": ("windows", "adopt", "read", "admit_recording", "admit_download"),
        "enqueue": ("recording", "download"),
        "ask": ("Telephony.recordings_between",),
    },
    "jobs.deletions.deletions": {
        "commit": ("take", "erase", "deletions"),
        "ask": ("Telephony.call", "Telephony.whole_list", "Telephony.delete_recording"),
        "unlink": ("file",),
        "fsync": ("folder",),
    },
    "jobs.alerts.alerts": {"commit": ("alerts", "look", "alerts#2", "alerts#3", "alerts#4")},
}
"""Of alerts: that it runs, what a rule finds, and then who tells it, who has heard it, and that it is told."""

TICK_INSIDE = "scheduler.reconcile.enqueue_job"
TICK: Seams = {"zadd": ("entry",), "enqueue": ("entry",)}

QUEUES = {
    "start": "calls",
    "download": "recordings",
    "adoption": "recordings",
    "transcript": "transcripts",
    "summary": "summaries",
}


@dataclass(frozen=True)
class Point:
    """Where a process is killed. `inside` is the function that must be at work then."""

    scope: str
    inside: str
    seam: str
    part: str
    moment: str
    turn: int = 1

    def __str__(self) -> str:
        part = self.part if self.turn == 1 else f"{self.part}#{self.turn}"
        return ":".join((self.scope, self.seam, part, self.moment))


def all_points() -> Sequence[Point]:
    return (*in_stages(*STAGES), *in_webhooks(*WEBHOOKS), *in_sweeps(*SWEEPS), *in_adoption(), *in_scheduler())


def in_stages(*stages: str) -> Sequence[Point]:
    return tuple(point for stage in stages for point in _points(stage, "jobs.pipeline.work", STAGES[stage]))


def in_webhooks(*names: str) -> Sequence[Point]:
    return tuple(point for name in names for point in _points(name, f"web.webhooks.{name}", WEBHOOKS[name]))


def in_sweeps(*functions: str) -> Sequence[Point]:
    return tuple(point for name in functions for point in _points(name.rpartition(".")[2], name, SWEEPS[name]))


def in_adoption() -> Sequence[Point]:
    return tuple(_points("adoption", "jobs.recording_files.adopt", ADOPTION))


def in_scheduler() -> Sequence[Point]:
    return tuple(_points("scheduler", TICK_INSIDE, TICK))


def named(name: str) -> Point:
    """Raises LookupError for a name that is in no table."""
    for point in all_points():
        if str(point) == name:
            return point
    raise LookupError(f"{name} is no crash point; --list names them all")


def _points(scope: str, inside: str, seams: Seams) -> Iterator[Point]:
    for seam, parts in seams.items():
        for part in parts:
            name, _, turn = part.partition("#")
            for moment in MOMENTS[seam]:
                yield Point(scope, inside, seam, name, moment, int(turn or 1))
