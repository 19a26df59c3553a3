"""A recording as it is played: status, and the bytes by range."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.http import parse_range_header

from conf.logs import log_event
from conf.settings import Settings
from db import clock, forgotten, recordings, stages, tasks
from db.models import CallLog
from db.words import DownloadStatus, RecordingStatus, Stage
from web import desk, reasons, seats
from web.house import house

log = logging.getLogger(__name__)

RETRY_AFTER = {DownloadStatus.QUEUED: 2, DownloadStatus.DOWNLOADING: 5, DownloadStatus.MISSING: 2}
"""Seconds after which it is worth asking again."""

MESSAGES: Mapping[DownloadStatus, Callable[[], str]] = {
    DownloadStatus.MISSING: lambda: gettext("Recording is not here yet"),
    DownloadStatus.QUEUED: lambda: gettext("Recording is queued"),
    DownloadStatus.DOWNLOADING: lambda: gettext("Recording is being downloaded"),
    DownloadStatus.READY: lambda: gettext("Recording is ready"),
}

FILE_IS_HERE = "file_is_here"
NO_FILE = ""
"""The name of a file that a row should have and has not."""


@dataclass(frozen=True)
class File:
    """A recording in our storage; size in bytes."""

    name: str
    size: int


def status_of(session: Session, call: CallLog) -> dict[str, Any]:
    """Where our copy is, in the shape of the API; asking starts nothing."""
    known = call.recording_download_status
    status = DownloadStatus(known) if known in set(DownloadStatus) else DownloadStatus.MISSING
    return {
        "status": status,
        "retry_after": _retry_after(session, call, status),
        "message": _message(call, status),
        "url": f"/api/recordings/{call.call_sid}/stream",
    }


def _retry_after(session: Session, call: CallLog, status: DownloadStatus) -> int | None:
    if status is DownloadStatus.FAILED and call.recording_next_retry_at:
        return max(1, round((call.recording_next_retry_at - clock.now(session)).total_seconds()))
    return RETRY_AFTER.get(status)


def _message(call: CallLog, status: DownloadStatus) -> str:
    if status is DownloadStatus.FAILED:
        return gettext("Recording could not be fetched: %(reason)s", reason=_reason(call))
    return MESSAGES[status]()


def _reason(call: CallLog) -> str:
    reason = reasons.last_of(call, Stage.DOWNLOAD)
    return reasons.told(reason) if reason else call.last_error or ""


def is_to_come(call: CallLog) -> bool:
    """Whether it makes sense to wait for the recording."""
    if call.recording_download_status == DownloadStatus.FAILED:
        return call.recording_next_retry_at is not None
    return call.recording_status != RecordingStatus.FAILED


def request_download(session: Session, call: CallLog, lost: str | None) -> Stage | None:
    """Have the recording of a locked call fetched; None when there is a reason not to, which the log tells.

    The stage that has opened is the download, or first the question what the phone company has of the call.

    `lost` names the file that was looked for in vain: the call has lost it, unless it has another one by now.
    """
    if lost is not None and call.recording_download_status == DownloadStatus.READY and name_of(session, call) == lost:
        recordings.lose_file(session, call)
    stage = forgotten.stage_of(session, call)
    reason = reason_to_skip(call, clock.now(session), house().settings)
    if stage is Stage.RECORDING and tasks.find(session, call, stage):
        reason = reason or "asked"
    if reason:
        log_skipped(call, reason)
        return None
    tasks.open_task(session, call, stage)
    return stage


def log_skipped(call: CallLog, reason: str) -> None:
    """Why a recording that somebody wants to hear is not fetched."""
    log_event(log, logging.DEBUG, "DOWNLOAD_SKIPPED", call_sid=call.call_sid, reason=reason)


def reason_to_skip(call: CallLog, now: datetime, settings: Settings) -> str | None:
    """The questions before a download of a file that is not here, in their order; None when nothing speaks against."""
    status = call.recording_download_status
    if status in (DownloadStatus.QUEUED, DownloadStatus.DOWNLOADING, DownloadStatus.READY):
        return str(status)
    last = call.recording_last_enqueue_at
    if last and (now - last).total_seconds() < settings.enqueue_cooldown_seconds:
        return "cooldown"
    if status == DownloadStatus.FAILED:
        return _reason_not_to_retry(call.recording_next_retry_at, now)
    return None if call.recording_status == RecordingStatus.COMPLETED else "not_recorded"


def _reason_not_to_retry(due: datetime | None, now: datetime) -> str | None:
    if due is None:
        return "failed"
    return "retry_not_due" if due > now else None


def name_of(session: Session, call: CallLog) -> str | None:
    """Which file of our storage should be the recording; None while it is not here."""
    if call.recording_download_status != DownloadStatus.READY:
        return None
    recording = stages.own_recording(session, call)
    return recording.file if recording and recording.file else NO_FILE


def find(name: str | None) -> File | None:
    """The file, if it is really there. Storage may take its time: ask it while no database connection is held."""
    if not name:
        return None
    with desk.left():
        size = house().storage.size(name)
    return None if size is None else File(name, size)


def serve(file: File) -> Response:
    """200 or 206 with the bytes, or 416. Raises NoSeat."""
    start, end, status = _range(file.size)
    response = Response(status=status, mimetype="audio/wav")
    if request.method != "HEAD":
        _fill(response, file.name, start, end - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-store"
    response.content_length = end - start
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return response


def _fill(response: Response, name: str, start: int, length: int) -> None:
    """The bytes are read as they are sent; then, or when nobody takes them any more, the seat is given back."""
    with ExitStack() as stack:
        stack.enter_context(seats.taken())
        with desk.left():
            response.response = house().storage.read(name, start, length)
        response.call_on_close(stack.pop_all().close)


def _range(size: int) -> tuple[int, int, int]:
    """First byte, the one after the last, and the HTTP status; an invalid or multiple range is ignored (RFC 9110)."""
    wanted = parse_range_header(request.headers.get("Range"))
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return 0, size, 200
    first, end = wanted.ranges[0]
    start = max(0, size + first) if first < 0 else first  # the last so many bytes, or all when there are fewer
    if start >= size:
        abort(Response(status=416, headers={"Content-Range": f"bytes */{size}"}))
    return start, min(end or size, size), 206
