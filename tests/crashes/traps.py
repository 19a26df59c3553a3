"""Wraps the seams that the product has anyway, so that a process kills itself there, or notes that it came by."""

import functools
import json
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from types import FrameType
from typing import Any, Protocol

from redis import Redis
from rq.queue import Queue
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from jobs.queues import Queues
from tests.crashes.points import AFTER, BEFORE, MOMENTS, TICK_INSIDE, Point, all_points

PRODUCT = ("jobs.", "web.", "scheduler.")

HOMES = {
    "Telephony": "providers.telephony:Telephony",
    "Media": "providers.telephony.media:Media",
    "WhisperTranscriber": "providers.speech:WhisperTranscriber",
    "ExtractiveSummarizer": "providers.language.extractive:ExtractiveSummarizer",
}
"""Where the providers are; only those that are asked are imported."""

NOBODYS = ""
"""Part of no seam."""

sync, kill = os.fsync, os.kill
"""Before anybody wraps them."""

PartOf = Callable[..., str]
"""Names the part of a seam from the arguments of the wrapped call."""


class Watch(Protocol):
    """Is told of every seam that the process comes to."""

    def reach(self, seam: str, part: str, moment: str) -> None: ...


class Trap:
    """One point. It springs once: who finds the marker lives on."""

    def __init__(self, point: Point, marker: Path) -> None:
        self._point, self._marker = point, marker
        self._turns = 0

    def reach(self, seam: str, part: str, moment: str) -> None:
        """Die here, if this is the point."""
        point = self._point
        if (seam, part, moment) != (point.seam, point.part, point.moment) or point.inside not in stack():
            return
        self._turns += 1
        if self._turns == point.turn:
            self._spring()

    def _spring(self) -> None:
        try:
            descriptor = os.open(self._marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        fired = {"point": str(self._point), "pid": os.getpid(), "parent": os.getppid(), "at": time.time()}
        os.write(descriptor, json.dumps(fired).encode())
        sync(descriptor)
        kill(os.getpid(), signal.SIGKILL)


class Census:
    """Notes in a file what was passed inside the functions that have points."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._insides = {point.inside for point in all_points()}

    def reach(self, seam: str, part: str, moment: str) -> None:
        """One line for each function that is at work."""
        for inside in self._insides & set(stack()) if part != NOBODYS else ():
            os.write(self._descriptor, f"{inside} {seam}:{part}:{moment}\n".encode())


def arm(watch: Watch, points: Iterable[Point]) -> None:
    """Have the watch told of the seams, and of the providers, that are in those points."""
    for seam, part in sorted({(point.seam, point.part if point.seam == "ask" else "") for point in points}):
        SEAMS[seam](watch, part)


def stack() -> Sequence[str]:
    """The functions at work, innermost first."""
    return [f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}" for frame in _frames()]


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame:
        yield frame
        frame = frame.f_back


def _wrap(owner: Any, name: str, watch: Watch, seam: str, part_of: PartOf) -> None:
    """Have the watch told before and after every call."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        part = part_of(*arguments, **options)
        watch.reach(seam, part, BEFORE)
        result = original(*arguments, **options)
        watch.reach(seam, part, AFTER)
        return result

    setattr(owner, name, wrapped)


def _transaction(*_: Any) -> str:
    """The function whose transaction is committed."""
    for frame in _frames():
        if str(frame.f_globals.get("__name__")).startswith(PRODUCT):
            name = frame.f_code.co_name.strip("_")
            return TOLD_APART[name](frame.f_locals) if name in TOLD_APART else name
    return NOBODYS


TOLD_APART: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "admit": lambda local: f"admit_{local['stage']}",  # which line
    "adopt": lambda local: "adopt" if "call" in local else "look",  # a known recording is only looked at
}
"""Transactions of one function that differ in what they are about."""


def _tick(*_: Any, **__: Any) -> str:
    """The timetable's own; RQ does as much for every job."""
    return "entry" if TICK_INSIDE in stack() else NOBODYS


def _commit(watch: Watch, _: str) -> None:
    _wrap(PGDialect_psycopg2, "do_commit", watch, "commit", _transaction)


def _enqueue(watch: Watch, _: str) -> None:
    _wrap(Queues, "enqueue_once", watch, "enqueue", lambda queues, stage, call_sid: str(stage))
    _wrap(Queue, "enqueue_job", watch, "enqueue", _tick)


def _zadd(watch: Watch, _: str) -> None:
    _wrap(Redis, "zadd", watch, "zadd", _tick)


def _fsync(watch: Watch, _: str) -> None:
    _wrap(os, "fsync", watch, "fsync", lambda file: "folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")


def _rename(watch: Watch, _: str) -> None:
    for name in ("rename", "replace", "link"):
        _wrap(os, name, watch, "rename", lambda *_, **__: "file")


def _unlink(watch: Watch, _: str) -> None:
    _wrap(os, "unlink", watch, "unlink", lambda *_, **__: "file")


def _ask(watch: Watch, question: str) -> None:
    owner, _, name = question.partition(".")
    if owner == "Media":
        _media(watch, "")
    else:
        _wrap(resolve_name(HOMES[owner]), name, watch, "ask", lambda *_, **__: question)


def _media(watch: Watch, _: str) -> None:
    """A recording's file: asked for, answered, its first bytes here, all of them here."""
    media = resolve_name(HOMES["Media"])
    original = media.open

    @contextmanager
    def opened(self: Any) -> Iterator[Iterator[bytes]]:
        watch.reach("ask", "Media.open", BEFORE)
        with original(self) as chunks:
            watch.reach("ask", "Media.open", AFTER)
            yield _watched(chunks, watch)

    media.open = opened


def _watched(chunks: Iterator[bytes], watch: Watch) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        watch.reach("bytes", "media", "first")
    watch.reach("bytes", "media", "last")


def _progress(watch: Watch, _: str) -> None:
    transcriber = resolve_name(HOMES["WhisperTranscriber"])
    original = transcriber.transcribe

    def transcribe(self: Any, *arguments: Any, on_progress: Callable[..., None], **options: Any) -> Any:
        def report(percent: int, turns: Sequence[Any]) -> None:
            on_progress(percent, turns)
            for moment in (moment for moment in MOMENTS["progress"] if percent >= int(moment)):
                watch.reach("progress", "transcribe", moment)

        return original(self, *arguments, on_progress=report, **options)

    transcriber.transcribe = transcribe


SEAMS: dict[str, Callable[[Watch, str], None]] = {
    "commit": _commit,
    "enqueue": _enqueue,
    "zadd": _zadd,
    "fsync": _fsync,
    "rename": _rename,
    "unlink": _unlink,
    "ask": _ask,
    "bytes": _media,
    "progress": _progress,
}
