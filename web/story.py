"""A call's story: what its events say, one short sentence each."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext

from db.events import Event
from db.words import Stage
from web import reasons
from web.formats import duration

Detail = Mapping[str, Any]


def call_status(status: str | None) -> str:
    """How the call itself went."""
    words = {
        "queued": gettext("Dialling"),
        "initiated": gettext("Dialling"),
        "ringing": gettext("Ringing"),
        "in-progress": gettext("On the line now"),
        "completed": gettext("Ended"),
        "busy": gettext("Busy"),
        "no-answer": gettext("Missed"),
        "canceled": gettext("Hung up before the answer"),
        "failed": gettext("Not connected"),
        "rejected": gettext("Rejected"),
    }
    return words.get(status or "", status or "")


def recording_status(status: str) -> str:
    """What the phone company did with one of the recordings."""
    words = {
        "completed": gettext("finished"),
        "absent": gettext("not kept"),
        "failed": gettext("failed"),
        "in-progress": gettext("recording"),
    }
    return words.get(status, status)


def told(event: Mapping[str, Any]) -> str:
    """One event of the API's timeline in words; one that is not known yet keeps its name."""
    name = event["event"]
    teller = TELLERS.get(name)
    return teller(event["detail"] or {}) if teller else str(name)


def _status(detail: Detail) -> str:
    status = str(detail.get("status", ""))
    if status == "in-progress":
        return gettext("Answered")
    if status == "completed" and detail.get("duration") is not None:
        return gettext("The call ended after %(length)s", length=duration(detail["duration"]))
    return call_status(status)


def _recording_started(detail: Detail) -> str:
    if detail.get("second") is None:
        return gettext("The recording started")
    return gettext("Recording since second %(second)s", second=f"{detail['second']:g}")


def _recording_completed(detail: Detail) -> str:
    if detail.get("seconds") is None:
        return gettext("The phone company finished the recording")
    return gettext("The phone company finished the recording, %(length)s", length=duration(detail["seconds"]))


def _downloaded(detail: Detail) -> str:
    return gettext("The recording is here, %(length)s", length=duration(detail.get("seconds")))


def _transcribed(detail: Detail) -> str:
    return gettext("The transcript is done, turns: %(turns)s", turns=detail.get("turns", 0))


def _stage(detail: Detail) -> str:
    names = {
        Stage.RECORDING: gettext("Recording"),
        Stage.DOWNLOAD: gettext("Download"),
        Stage.TRANSCRIPT: gettext("Transcript"),
        Stage.SUMMARY: gettext("Summary"),
    }
    name = detail.get("stage", "")
    return names.get(name, str(name))


def _retried(detail: Detail) -> str:
    facts = {"stage": _stage(detail), "error": reasons.told(str(detail.get("error", "")))}
    if not detail.get("delay"):
        return gettext("%(stage)s: interrupted, the next try follows. %(error)s", **facts)
    return gettext("%(stage)s: it did not work, next try in %(delay)s s. %(error)s", delay=detail["delay"], **facts)


def _failed(detail: Detail) -> str:
    error = reasons.told(str(detail.get("error", "")))
    return gettext("%(stage)s: failed for good. %(error)s", stage=_stage(detail), error=error)


def _retry_requested(detail: Detail) -> str:
    return gettext("Somebody asked for another try: %(stage)s", stage=_stage(detail))


def _repaired(detail: Detail) -> str:
    if detail.get("stage", Stage.RECORDING) == Stage.RECORDING:
        return gettext("News had been lost: the phone company was asked")
    return gettext("Work had been lost, and is back in line: %(stage)s", stage=_stage(detail))


def _error(detail: Detail) -> str:
    return gettext("The phone company reported error %(code)s", code=detail.get("error_code", ""))


TELLERS: dict[str, Callable[[Detail], str]] = {
    Event.CALL_STATUS: _status,
    Event.RECORDING_STARTED: _recording_started,
    Event.RECORDING_COMPLETED: _recording_completed,
    Event.RECORDING_ABSENT: lambda detail: gettext("The phone company kept no recording"),
    Event.RECORDING_FAILED: lambda detail: gettext("The phone company could not record"),
    Event.SETTLED_WITHOUT_RECORDING: lambda detail: gettext("Closed without a recording"),
    Event.DOWNLOADED: _downloaded,
    Event.TRANSCRIBED: _transcribed,
    Event.SUMMARIZED: lambda detail: gettext("The summary is done"),
    Event.STAGE_RETRIED: _retried,
    Event.STAGE_FAILED: _failed,
    Event.RETRY_REQUESTED: _retry_requested,
    Event.REPAIRED: _repaired,
    Event.ADOPTED: lambda detail: gettext("Taken over from the old system"),
    Event.FILE_LOST: lambda detail: gettext("Our copy of the recording has gone from storage"),
    Event.STREAM_STARTED: lambda detail: gettext("The media stream started"),
    Event.STREAM_STOPPED: lambda detail: gettext("The media stream stopped"),
    Event.STREAM_ERROR: lambda detail: gettext("The media stream broke"),
    Event.TWILIO_ERROR: _error,
    Event.FALLBACK_USED: lambda detail: gettext("Our first answer failed; the fallback answered"),
    Event.ASSIGNED: lambda detail: gettext("An operator gave the call to its business"),
}
