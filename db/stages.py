"""The edges of the state machine: every change of a stage's status, with the task that belongs to it.

Callers hold the call's lock. docs/state-machine.md draws it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import null, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db import costs, events, search, tasks, transcripts
from db.events import Event
from db.models import CallLog, Recording, Transcript
from db.texts import says
from db.words import (
    FINAL_CALL_STATUSES,
    DownloadStatus,
    Outcome,
    RecordingStatus,
    Speaker,
    Stage,
    TextStatus,
)

LONGEST_ERROR = 500

PREFIX = {
    Stage.RECORDING: "Recording failed",
    Stage.DOWNLOAD: "Recording failed",
    Stage.TRANSCRIPT: "Transcript failed",
    Stage.SUMMARY: "Summary failed",
}


def has_recording_ended(call: CallLog) -> bool:
    """Whether the phone company will say nothing new of the call's recording."""
    return call.recording_status in (RecordingStatus.COMPLETED, RecordingStatus.FAILED)


def own_recording(session: Session, call: CallLog) -> Recording | None:
    """The recording that is the call's own, the first that completed; a call may name one that is another's."""
    named = Recording.recording_sid == call.recording_sid
    return session.scalar(select(Recording).where(named, Recording.call_id == call.id))


def look_until_the_end(session: Session, call: CallLog, *, ask_after: float) -> None:
    """The phone company is asked until both the call and its recording have ended, whichever news was lost."""
    if call.call_status in FINAL_CALL_STATUSES and has_recording_ended(call):
        tasks.close_task(session, call, Stage.RECORDING)
    else:
        tasks.open_task(session, call, Stage.RECORDING, due_in=ask_after)


def open_download(session: Session, call: CallLog) -> None:
    """The phone company has finished the recording: fetch it, unless it is here or on its way."""
    _forget_failures(call)
    if call.recording_download_status != DownloadStatus.READY:
        tasks.open_task(session, call, Stage.DOWNLOAD)


def settle_without_recording(
    session: Session, call: CallLog, *, said_by: str, outcome: Outcome = Outcome.NO_RECORDING, error: str | None = None
) -> None:
    """There is no recording and there will be none: the pipeline ends here, with a reason and mostly no error."""
    call.recording_status = RecordingStatus.FAILED
    call.outcome = outcome
    call.last_error = error and _told(Stage.RECORDING, error)
    _fail_texts(call)
    events.note(session, call.id, Event.SETTLED_WITHOUT_RECORDING, said_by=said_by, outcome=outcome)
    costs.work_out(session, call)


def settle_download(session: Session, call: CallLog, *, bytes_len: int, seconds: float, said_by: str) -> None:
    """The file is in our storage, whole and checked; its transcript comes next, unless there is one."""
    call.recording_download_status = DownloadStatus.READY
    call.recording_next_retry_at = None
    call.audio_bytes_len, call.audio_duration_sec = bytes_len, seconds
    events.note(session, call.id, Event.DOWNLOADED, said_by=said_by, bytes=bytes_len, seconds=round(seconds, 2))
    if session.get(Transcript, call.id) is None and transcripts.find(session, call) is not None:
        call.transcript_status = TextStatus.COMPLETED  # an old system may have written it down since
    if call.transcript_status == TextStatus.COMPLETED:
        _go_on(session, call, Stage.SUMMARY, call.summary_status)
    else:
        call.transcript_status = TextStatus.PENDING
        if not _has_old_summary(session, call):
            call.summary_status = TextStatus.PENDING
        tasks.open_task(session, call, Stage.TRANSCRIPT)
    if call.outcome != Outcome.NO_SPEECH and call.summary_status != TextStatus.FAILED:
        _mend(call)  # the others are about a text that is there already, not about its recording


def settle_transcript(
    session: Session,
    call: CallLog,
    turns: Sequence[dict[str, Any]],
    *,
    language: str | None,
    model: str,
    said_by: str,
    conversation: dict[str, Any] | None = None,
) -> None:
    """Who said what is known; the summary comes next, unless nobody spoke."""
    keeps_summary = _has_old_summary(session, call)
    written = {"turns": list(turns), "language": language, "model": model, "conversation": conversation or null()}
    row = insert(Transcript).values(call_id=call.id, **written)
    session.execute(row.on_conflict_do_update(index_elements=["call_id"], set_=written))
    call.final_transcript = "\n".join(f"{_name(turn['speaker'])}: {turn['text']}" for turn in turns) or None
    call.transcript_source = "recording"
    call.transcript_status = TextStatus.COMPLETED
    events.note(session, call.id, Event.TRANSCRIBED, said_by=said_by, turns=len(turns), language=language, model=model)
    if turns:
        _mend(call)
        if not keeps_summary:
            call.summary_status = TextStatus.PENDING
            tasks.open_task(session, call, Stage.SUMMARY)
    else:
        if not keeps_summary:
            call.summary = call.summary_model = None
        call.summary_status, call.outcome, call.last_error = TextStatus.COMPLETED, Outcome.NO_SPEECH, None
    search.write(session, [call.id])


def settle_summary(session: Session, call: CallLog, text: str, *, model: str, said_by: str) -> None:
    """The call is done."""
    call.summary, call.summary_model, call.summary_status = text, model, TextStatus.COMPLETED
    _mend(call)
    search.write(session, [call.id])
    events.note(session, call.id, Event.SUMMARIZED, said_by=said_by, model=model)


def fail(session: Session, call: CallLog, stage: Stage, outcome: Outcome, error: str, *, said_by: str) -> None:
    """The stage has failed for good, and with it what would have come after."""
    if stage is Stage.RECORDING:
        return stop_looking(session, call, said_by=said_by, outcome=outcome, error=error)
    if _fall_back(session, call, stage):
        call.last_error = _told(stage, error)
        events.note(session, call.id, Event.STAGE_FAILED, said_by=said_by, stage=stage, error=error)
        return None
    if stage is Stage.DOWNLOAD:
        call.recording_download_status, call.recording_next_retry_at = DownloadStatus.FAILED, None
        _count_failed_download(call)
    if stage is Stage.TRANSCRIPT:
        call.transcript_source = "failed"
    if stage is Stage.SUMMARY:
        call.summary_status = TextStatus.FAILED
    else:
        _fail_texts(call)
    if call.outcome != Outcome.NO_SPEECH:  # true of the transcript that is there, whatever became of the file
        call.outcome = outcome
    call.last_error = _told(stage, error)
    events.note(session, call.id, Event.STAGE_FAILED, said_by=said_by, stage=stage, outcome=outcome, error=error)
    return None


def _fall_back(session: Session, call: CallLog, stage: Stage) -> bool:
    """What was redone in vain is still there as it was, and so is the way on from it; False when there is nothing."""
    if stage is Stage.DOWNLOAD:
        recording = own_recording(session, call)
        if recording is None or recording.file is None:
            return False
        call.recording_download_status, call.recording_next_retry_at = DownloadStatus.READY, None
        _go_on(session, call, Stage.TRANSCRIPT, call.transcript_status)
    elif stage is Stage.TRANSCRIPT:
        if transcripts.find(session, call) is None:
            return False
        call.transcript_status = TextStatus.COMPLETED
        _go_on(session, call, Stage.SUMMARY, call.summary_status)
    else:
        if not says(call.summary):
            return False
        call.summary_status = TextStatus.COMPLETED
    return True


def _go_on(session: Session, call: CallLog, stage: Stage, status: str | None) -> None:
    if status == TextStatus.PENDING:
        tasks.open_task(session, call, stage)


def stop_looking(
    session: Session, call: CallLog, *, said_by: str, outcome: Outcome = Outcome.NO_RECORDING, error: str | None = None
) -> None:
    """Nothing more is to be learned of the call; what is known of its recording stays."""
    if not has_recording_ended(call):
        settle_without_recording(session, call, said_by=said_by, outcome=outcome, error=error)
    else:
        _end_what_waits(session, call, said_by=said_by)


def _end_what_waits(session: Session, call: CallLog, *, said_by: str) -> None:
    """Texts wait for a recording that is not to be had: it failed, or no row of ours says what it would be."""
    if call.recording_status == RecordingStatus.FAILED:
        _fail_texts(call)
        return
    if own_recording(session, call) is None:
        fail(session, call, Stage.DOWNLOAD, Outcome.GONE, "The phone company does not have it.", said_by=said_by)


def wait(session: Session, call: CallLog, stage: Stage, error: str, *, said_by: str, delay: float) -> None:
    """An attempt did not succeed; another one comes in `delay` seconds."""
    call.last_error = _told(stage, error)
    mark_open(call, stage, DownloadStatus.FAILED)
    _count_retry(call, stage)
    events.note(session, call.id, Event.STAGE_RETRIED, said_by=said_by, stage=stage, error=error, delay=round(delay))


def blame_ourselves(call: CallLog, stage: Stage, error: str) -> None:
    """An outage of ours holds the stage up: said to whoever looks, and no failure of the call."""
    call.last_error = _told(stage, error)


def note_interruption(session: Session, call: CallLog, stage: Stage, error: str, *, said_by: str) -> None:
    """An attempt ended with its worker; the next one may come at once."""
    _count_retry(call, stage)
    events.note(session, call.id, Event.STAGE_RETRIED, said_by=said_by, stage=stage, error=error)


def reopen(call: CallLog, stage: Stage) -> None:
    """Somebody asks for the stage by hand: its failures are forgotten; a result to be redone stays until replaced."""
    _forget_failures(call)
    if stage is Stage.RECORDING and call.recording_status != RecordingStatus.COMPLETED:
        call.recording_status = RecordingStatus.PENDING
    if stage in (Stage.RECORDING, Stage.DOWNLOAD):
        call.recording_fail_count, call.recording_next_retry_at = 0, None
        call.recording_download_status = DownloadStatus.MISSING
    mark_open(call, stage)
    if call.outcome != Outcome.NO_SPEECH and call.summary_status != TextStatus.FAILED:
        _mend(call)  # the others are about a text that is there, or that this will not mend


def mark_open(call: CallLog, stage: Stage, download: DownloadStatus = DownloadStatus.MISSING) -> None:
    """The stage waits; nobody works on it."""
    if stage is Stage.DOWNLOAD:
        call.recording_download_status = download
    elif stage is Stage.TRANSCRIPT:
        call.transcript_status = TextStatus.PENDING
    elif stage is Stage.SUMMARY:
        call.summary_status = TextStatus.PENDING


def mark_claimed(call: CallLog, stage: Stage) -> None:
    """A worker has it."""
    if stage is Stage.DOWNLOAD:
        call.recording_download_status, call.recording_next_retry_at = DownloadStatus.DOWNLOADING, None
    elif stage is Stage.TRANSCRIPT:
        call.transcript_status = TextStatus.PROCESSING
    elif stage is Stage.SUMMARY:
        call.summary_status = TextStatus.PROCESSING


def _count_retry(call: CallLog, stage: Stage) -> None:
    call.retry_count = (call.retry_count or 0) + 1
    if stage is Stage.DOWNLOAD:
        _count_failed_download(call)


def _count_failed_download(call: CallLog) -> None:
    call.recording_fail_count = (call.recording_fail_count or 0) + 1


def _has_old_summary(session: Session, call: CallLog) -> bool:
    """A summary of what nobody had written down is an old installation's: it stays until somebody asks for another."""
    return session.get(Transcript, call.id) is None and says(call.summary)


def _forget_failures(call: CallLog) -> None:
    """A transcript that failed may come after all, and with it the summary; texts that exist stay."""
    if call.transcript_status == TextStatus.FAILED:
        call.transcript_status = TextStatus.PENDING
        if call.summary_status == TextStatus.FAILED:
            call.summary_status = TextStatus.PENDING


def _mend(call: CallLog) -> None:
    call.outcome = call.last_error = None


def _fail_texts(call: CallLog) -> None:
    """A text that exists stays, whatever became of the recording."""
    if call.transcript_status != TextStatus.COMPLETED:
        call.transcript_status = TextStatus.FAILED
    if call.summary_status != TextStatus.COMPLETED:
        call.summary_status = TextStatus.FAILED


def _told(stage: Stage, error: str) -> str:
    return f"{PREFIX[stage]}: {error}"[:LONGEST_ERROR]


def _name(speaker: str) -> str:
    return Speaker(speaker).value.capitalize()
