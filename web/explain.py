"""Where a call stands and why: one sentence, made from facts, in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_time, gettext, ngettext
from sqlalchemy.orm import Session

from db import clock, lines
from db.lines import Place
from db.models import CallLog, Task
from db.words import FINAL_CALL_STATUSES, DownloadStatus, Outcome, RecordingStatus, Stage, TextStatus
from web import reasons


@dataclass(frozen=True)
class Standing:
    """The open stage a call stands at, by the database's clock; its place in line when it waits for a slot."""

    task: Task
    now: datetime
    place: Place | None
    slots: int

    @property
    def is_deserted(self) -> bool:
        """Somebody has taken it and has not been heard of for a lease."""
        return self.task.lease_until is not None and self.task.lease_until < self.now

    @property
    def next_try(self) -> str | None:
        """When it is due, if that is still to come."""
        return str(format_time(self.task.due_at, "short")) if self.task.due_at > self.now else None


def standings(session: Session, current: Sequence[Task], slots: int) -> Mapping[int, Standing]:
    """Where calls stand, by call; `current` is the open stage of each."""
    if not current:
        return {}
    now, places = clock.now(session), lines.places(session, current)
    return {task.call_id: Standing(task, now, places.get((task.call_id, task.stage)), slots) for task in current}


def explain(call: CallLog, standing: Standing | None = None) -> str:
    """One sentence. Work that goes on comes before an end that was reached earlier."""
    if standing and standing.task.stage != Stage.RECORDING:
        return _at_a_stage(call, standing)
    if call.outcome:
        return _ended(call)
    if call.summary_status == TextStatus.COMPLETED:
        return _done(call, standing)
    if _has_failed(call):
        return gettext("Failed for good: %(error)s", error=reasons.last_error(call))
    if call.recording_status == RecordingStatus.COMPLETED:
        return _between(call, standing)
    return _recording(call, standing)


def _at_a_stage(call: CallLog, standing: Standing) -> str:
    if standing.is_deserted:
        return _deserted()
    if standing.task.claim:
        return _worked_on(call, standing.task)
    if standing.next_try:
        return _put_off(call, Stage(standing.task.stage), standing.next_try)
    if standing.place and standing.place.held >= standing.slots:
        return _in_line(standing.slots, standing.place.ahead)
    return _about_to_start(call, standing.task)


def _deserted() -> str:
    return gettext("Whoever worked on it has gone silent; it is about to be taken over.")


def _worked_on(call: CallLog, task: Task) -> str:
    if task.stage == Stage.TRANSCRIPT:
        return gettext("The transcript is being written: %(percent)s\u00a0%%.", percent=task.progress or 0)
    if task.stage == Stage.SUMMARY:
        return gettext("The summary is being written.")
    if _was_here(call):
        return gettext("The recording is being downloaded once more.")
    return gettext("The recording is being downloaded.")


def _put_off(call: CallLog, stage: Stage, time: str) -> str:
    reason = reasons.last_of(call, stage)
    if stage is Stage.DOWNLOAD and call.recording_download_status != DownloadStatus.FAILED:
        reason = reason if reasons.is_our_outage(reason) else reasons.NOT_THERE_YET
    if reason == reasons.NOT_THERE_YET:
        return gettext("The phone company does not have the file yet; next try %(time)s.", time=time)
    if reason is None:
        return gettext("Something of ours is down, which costs the call nothing; next try %(time)s.", time=time)
    return gettext("%(error)s Next try %(time)s.", error=reasons.told(reason), time=time)


def _in_line(slots: int, ahead: int) -> str:
    if not ahead:
        return gettext("Waiting for one of %(slots)s slots, next in line.", slots=slots)
    return ngettext(
        "Waiting for one of %(slots)s slots, %(num)s call ahead.",
        "Waiting for one of %(slots)s slots, %(num)s calls ahead.",
        ahead,
        slots=slots,
    )


def _about_to_start(call: CallLog, task: Task) -> str:
    if task.stage == Stage.TRANSCRIPT:
        return gettext("The recording is here and waits to be transcribed.")
    if task.stage == Stage.SUMMARY:
        return gettext("The transcript is done and waits to be summed up.")
    if _was_here(call):
        return gettext("The recording is to be downloaded once more.")
    return gettext("The recording is finished and waits to be downloaded.")


def _was_here(call: CallLog) -> bool:
    return call.audio_bytes_len is not None


def _ended(call: CallLog) -> str:
    if call.outcome == Outcome.GONE:
        return _gone(call)
    if call.outcome == Outcome.NO_RECORDING and call.last_error:
        return gettext("Failed for good: %(error)s", error=reasons.last_error(call))
    if call.outcome == Outcome.GAVE_UP and call.last_error:
        return gettext("Failed for good, no attempt is left. %(error)s", error=reasons.last_error(call))
    return {
        Outcome.NO_SPEECH: gettext("Nobody spoke on the recording, so there is nothing to write down."),
        Outcome.NO_RECORDING: gettext("The call was not recorded: nobody talked, or no recording was started."),
        Outcome.TOO_SHORT: gettext("The call was too short for the phone company to keep a recording."),
        Outcome.SILENT: gettext("The phone company heard only silence and kept no recording."),
        Outcome.NOT_AUDIO: gettext("Failed for good: the phone company's file is not audio."),
        Outcome.GAVE_UP: gettext("Failed for good, no attempt is left."),
    }[Outcome(str(call.outcome))]


def _gone(call: CallLog) -> str:
    if call.recording_status == RecordingStatus.FAILED:
        return gettext("Failed for good: the phone company does not know the call.")
    if call.recording_download_status == DownloadStatus.FAILED:
        return gettext("Failed for good: the recording was deleted at the phone company.")
    return gettext("Failed for good: the recording's file is not in our storage.")


def _done(call: CallLog, standing: Standing | None) -> str:
    if call.last_error:
        return gettext(
            "What was there is still there, but the new try failed. %(error)s", error=reasons.last_error(call)
        )
    if call.recording_status == RecordingStatus.COMPLETED and call.recording_download_status != DownloadStatus.READY:
        return gettext("The texts are here; press play to have the recording fetched.")
    if standing and call.call_status not in FINAL_CALL_STATUSES:
        return gettext("Everything is here; how the call ended is not known yet, and the phone company is asked.")
    return gettext("Everything is done: the recording, the transcript and the summary are here.")


def _has_failed(call: CallLog) -> bool:
    """Old installations have failures without an outcome."""
    texts = (call.transcript_status, call.summary_status)
    return bool(call.last_error) and TextStatus.FAILED in texts


def _between(call: CallLog, standing: Standing | None) -> str:
    """The phone company is asked which recording it is; or nothing is open, and somebody must press play."""
    if standing and call.call_status in FINAL_CALL_STATUSES:
        return _after_the_call(standing.next_try)
    if call.recording_download_status != DownloadStatus.READY:
        return gettext("The recording is at the phone company; press play to have it fetched.")
    if call.transcript_status == TextStatus.COMPLETED:
        return gettext("The transcript is done and waits to be summed up.")
    return gettext("The recording is here and waits to be transcribed.")


def _recording(call: CallLog, standing: Standing | None) -> str:
    if standing and standing.is_deserted:
        return _deserted()
    reason, next_try = reasons.last_of(call, Stage.RECORDING), standing.next_try if standing else None
    if reason and next_try:
        return gettext("%(error)s Next try %(time)s.", error=reasons.told(reason), time=next_try)
    if call.call_status is None:
        return gettext("Nothing is known of the call yet; the phone company is being asked.")
    if call.call_status in FINAL_CALL_STATUSES:
        return _after_the_call(next_try)
    if call.recording_status == RecordingStatus.RECORDING:
        return gettext("The call is on and being recorded.")
    return gettext("The call is on; its recording is about to start.")


def _after_the_call(next_try: str | None) -> str:
    if next_try:
        return gettext(
            "The call has ended; the phone company is finishing the recording and is asked for it at %(time)s.",
            time=next_try,
        )
    return gettext("The call has ended; the phone company is being asked for the recording.")
