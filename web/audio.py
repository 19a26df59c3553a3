"""A recording as it is played: status, and the bytes by range."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.http import parse_range_header

from conf.logs import log_event
from db import recordings, tasks
from db.models import CallLog
from db.stages import PREFIX
from db.words import DownloadStatus, RecordingStatus, Stage
from web.house import house

log = logging.getLogger(__name__)

RETRY_AFTER = {DownloadStatus.QUEUED: 2, DownloadStatus.DOWNLOADING: 5, DownloadStatus.MISSING: 2}
"""Seconds after which it is worth asking again."""


@dataclass(frozen=True)
class File:
    """A recording in our storage; size in bytes."""

    name: str
    size: int


def status_of(call: CallLog) -> dict[str, Any]:
    """Where our copy is, in the shape of the API; asking starts nothing."""
    status = DownloadStatus(call.recording_download_status or DownloadStatus.MISSING)
    return {
        "status": status,
        "retry_after": _retry_after(call, status),
        "message": _message(call, status),
        "url": f"/api/recordings/{call.call_sid}/stream",
    }


def _retry_after(call: CallLog, status: DownloadStatus) -> int | None:
    if status is DownloadStatus.FAILED and call.recording_next_retry_at:
        return max(1, round((call.recording_next_retry_at - datetime.now(UTC)).total_seconds()))
    return RETRY_AFTER.get(status)


def _message(call: CallLog, status: DownloadStatus) -> str:
    return {
        DownloadStatus.MISSING: gettext("Recording is not here yet"),
        DownloadStatus.QUEUED: gettext("Recording is queued"),
        DownloadStatus.DOWNLOADING: gettext("Recording is being downloaded"),
        DownloadStatus.READY: gettext("Recording is ready"),
        DownloadStatus.FAILED: gettext("Recording could not be fetched: %(reason)s", reason=_reason(call)),
    }[status]


def _reason(call: CallLog) -> str:
    return (call.last_error or "").removeprefix(f"{PREFIX[Stage.DOWNLOAD]}: ")


def is_to_come(call: CallLog) -> bool:
    """Whether it makes sense to wait for the recording."""
    if call.recording_download_status == DownloadStatus.FAILED:
        return call.recording_next_retry_at is not None
    return call.recording_status != RecordingStatus.FAILED


def request_download(session: Session, call: CallLog) -> bool:
    """Have a recording fetched whose file is not here; False when it is on its way already, or not to be had."""
    if call.recording_download_status == DownloadStatus.READY:
        recordings.lose_file(session, call)
    skipped = _reason_to_skip(session, call)
    if skipped:
        log_event(log, logging.DEBUG, "DOWNLOAD_SKIPPED", call_sid=call.call_sid, reason=skipped)
        return False
    tasks.open_task(session, call, Stage.DOWNLOAD)
    return True


def _reason_to_skip(session: Session, call: CallLog) -> str | None:
    status = call.recording_download_status
    if status in (DownloadStatus.QUEUED, DownloadStatus.DOWNLOADING):
        return str(status)
    last = call.recording_last_enqueue_at
    if last and (datetime.now(UTC) - last).total_seconds() < house().settings.enqueue_cooldown_seconds:
        return "cooldown"
    if status == DownloadStatus.FAILED:
        return _reason_not_to_retry(call)
    return None if call.recording_status == RecordingStatus.COMPLETED else "not_recorded"


def file_of(session: Session, call: CallLog) -> File | None:
    """Our copy, or None while it is not here."""
    if call.recording_download_status != DownloadStatus.READY:
        return None
    recording = recordings.own(session, call)
    size = house().storage.size(recording.file) if recording and recording.file else None
    return File(recording.file, size) if recording and recording.file and size is not None else None


def _reason_not_to_retry(call: CallLog) -> str | None:
    if call.recording_next_retry_at is None:
        return "failed"
    return "retry_not_due" if call.recording_next_retry_at > datetime.now(UTC) else None


def serve(file: File) -> Response:
    """200 or 206 with the bytes, or 416."""
    start, end, status = _range(file.size)
    body = () if request.method == "HEAD" else house().storage.read(file.name, start, end - start)
    response = Response(body, status=status, mimetype="audio/wav")
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-store"
    response.content_length = end - start
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return response


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
