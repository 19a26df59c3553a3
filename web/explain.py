"""Where a call stands and why: one sentence, made from facts, in the reader's language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from flask_babel import format_time, gettext
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from db.models import CallLog, Task
from db.words import DownloadStatus, Outcome, RecordingStatus, Stage, TextStatus


@dataclass(frozen=True)
class Line:
    """How long the line is in which a call waits for a slot."""

    ahead: int
    slots: int

    @classmethod
    def of(cls, session: Session, task: Task | None, slots: int) -> Self | None:
        """The place of a due, unclaimed task; None when it does not wait for others."""
        if task is None or task.claim is not None or task.due_at > datetime.now(UTC) or task.stage == Stage.RECORDING:
            return None
        before = select(func.count()).where(
            Task.business_id == task.business_id,
            Task.stage == task.stage,
            tuple_(Task.due_at, Task.call_id) < tuple_(task.due_at, task.call_id),
        )
        return cls(session.scalar(before) or 0, slots)


def explain(call: CallLog, task: Task | None, line: Line | None) -> str:
    """One sentence. `task` is the open stage, `line` where it waits."""
    if call.outcome:
        return _ended(call)
    if call.summary_status == TextStatus.COMPLETED:
        return gettext("Everything is done: the recording, the transcript and the summary are here.")
    if line and line.ahead >= line.slots:
        return gettext("Waiting for one of %(slots)s slots, %(ahead)s calls ahead.", slots=line.slots, ahead=line.ahead)
    if task and task.stage in (Stage.TRANSCRIPT, Stage.SUMMARY):
        return _text(call, task)
    if task and task.stage == Stage.DOWNLOAD:
        return _download(call, task)
    return _recording(call)


def _ended(call: CallLog) -> str:
    return {
        Outcome.NO_SPEECH: gettext("Nobody spoke on the recording, so there is nothing to write down."),
        Outcome.NO_RECORDING: gettext("The call was not recorded: nobody talked, or no recording was started."),
        Outcome.TOO_SHORT: gettext("The call was too short for the phone company to keep a recording."),
        Outcome.SILENT: gettext("The phone company heard only silence and kept no recording."),
        Outcome.GONE: gettext("Failed for good: the recording was deleted at the phone company."),
        Outcome.NOT_AUDIO: gettext("Failed for good: the phone company's file is not audio."),
        Outcome.GAVE_UP: gettext("Given up after every attempt: %(error)s", error=call.last_error or ""),
    }[Outcome(str(call.outcome))]


def _text(call: CallLog, task: Task) -> str:
    if task.claim and task.stage == Stage.TRANSCRIPT:
        return gettext("The transcript is being written: %(percent)s\u00a0%%.", percent=task.progress or 0)
    if task.claim:
        return gettext("The summary is being written.")
    if call.last_error and task.due_at > datetime.now(UTC):
        return gettext("%(error)s Next try %(time)s.", error=call.last_error, time=format_time(task.due_at, "short"))
    if task.stage == Stage.TRANSCRIPT:
        return gettext("The recording is here and waits to be transcribed.")
    return gettext("The transcript is done and waits to be summed up.")


def _download(call: CallLog, task: Task) -> str:
    if call.recording_download_status == DownloadStatus.DOWNLOADING:
        return gettext("The recording is being downloaded.")
    if task.due_at > datetime.now(UTC):
        if call.recording_download_status == DownloadStatus.FAILED:
            return gettext(
                "%(error)s Next try %(time)s.", error=call.last_error or "", time=format_time(task.due_at, "short")
            )
        return gettext(
            "The phone company does not have the file yet; next try %(time)s.", time=format_time(task.due_at, "short")
        )
    return gettext("The recording is finished and waits to be downloaded.")


def _recording(call: CallLog) -> str:
    if call.recording_status == RecordingStatus.RECORDING and call.call_status != "completed":
        return gettext("The call is on and being recorded.")
    if call.recording_status == RecordingStatus.COMPLETED:
        return gettext("The recording is at the phone company; press play to have it fetched.")
    if call.call_status == "completed":
        return gettext("The call has ended; the phone company is finishing the recording.")
    return gettext("The call is on; its recording is about to start.")
