"""The kinds of process the system is made of, and where the living ones are."""

from collections.abc import Callable, Sequence

import psutil

MASTER, WEB, SCHEDULER, MAINTENANCE = "gunicorn master", "gunicorn worker", "scheduler", "maintenance worker"

QUEUE_OF_KIND = {
    "calls worker": "calls",
    "recordings worker": "recordings",
    "transcripts worker": "transcripts",
    "summaries worker": "summaries",
    MAINTENANCE: "maintenance",
}

CLAIMING = tuple(kind for kind in QUEUE_OF_KIND if kind != MAINTENANCE)
"""Those that hold calls while they work."""

KINDS = (MASTER, WEB, *QUEUE_OF_KIND, SCHEDULER)

STAGE_OF_KIND = {
    "calls worker": "recording",
    "recordings worker": "download",
    "transcripts worker": "transcript",
    "summaries worker": "summary",
}


def alive(supervisor: psutil.Process, kind: str) -> Sequence[psutil.Process]:
    """The processes of that kind under this supervisord."""
    if kind == WEB:
        return [worker for master in alive(supervisor, MASTER) for worker in _children(master)]
    return [process for process in _children(supervisor) if _is(process, kind)]


def _children(process: psutil.Process) -> Sequence[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def _is(process: psutil.Process, kind: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and _fits(kind)(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def _fits(kind: str) -> Callable[[list[str]], bool]:
    if kind == MASTER:
        return lambda words: any(word.endswith("/gunicorn") for word in words)
    if kind == SCHEDULER:
        return lambda words: words[-2:] == ["-m", "scheduler"]
    return lambda words: words[-2:] == ["jobs.worker", QUEUE_OF_KIND[kind]]
