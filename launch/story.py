"""Tells a call's story on the terminal while it happens."""

import time
from collections.abc import Callable

from sqlalchemy import func, select

from db.engine import Database
from db.models import CallLog, Task, Transcript
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus

PATIENCE_SECONDS = 300
LOOK_EVERY_SECONDS = 0.1
STEPS = ("ringing", "recording", "downloading", "downloaded", "transcribing", "summarising", "done")


class Story:
    """Follows the newest call from here on, and says each step once."""

    def __init__(self, database: Database, say: Callable[[str], None]) -> None:
        self._database, self._say = database, say
        self._told = 0
        self._last: str | None = None
        with database.transaction() as session:
            self._newest = session.scalar(select(func.max(CallLog.id))) or 0

    def follow(self) -> CallLog | None:
        """The call once it is final, or None when it is not final in time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            call, progress = self._look()
            if call:
                self._tell(_step(call, progress))
                if is_final(call):
                    return call
            time.sleep(LOOK_EVERY_SECONDS)
        return None

    def tell_result(self, call: CallLog) -> None:
        """The two speakers' turns, and the summary."""
        with self._database.transaction() as session:
            transcript = session.get(Transcript, call.id)
        self._say("\nTranscript")
        for turn in transcript.turns if transcript else []:
            self._say(f"  {turn['start']:5.1f} s  {turn['speaker'].capitalize():<9} {turn['text']}")
        self._say("\nSummary")
        for line in (call.summary or "Nobody spoke.").splitlines():
            self._say(f"  {line}")

    def _look(self) -> tuple[CallLog | None, int | None]:
        with self._database.transaction() as session:
            call = session.scalar(select(CallLog).where(CallLog.id > self._newest).order_by(CallLog.id).limit(1))
            task = session.get(Task, (call.id, Stage.TRANSCRIPT)) if call else None
            return call, task.progress if task else None

    def _tell(self, step: str) -> None:
        """Say it, and the steps before it that went by too fast to be seen."""
        place = STEPS.index(step.partition(" ")[0])
        for passed in STEPS[self._told : place]:
            self._say(f"  {passed}")
        if step != self._last:
            self._say(f"  {step}")
        self._told, self._last = max(self._told, place + 1), step


def is_final(call: CallLog) -> bool:
    """Whether nothing more will happen to the call by itself."""
    ends = (TextStatus.COMPLETED, TextStatus.FAILED)
    return call.transcript_status in ends and call.summary_status in ends


def problem_of(call: CallLog | None) -> str | None:
    """Why the call has no summary; None when it has."""
    if call is None:
        return f"The call was not finished within {PATIENCE_SECONDS} s."
    return None if call.summary else call.last_error or f"The call ended with: {call.outcome}"


def _step(call: CallLog, progress: int | None) -> str:
    if call.summary_status == TextStatus.COMPLETED:
        return "done"
    if call.transcript_status == TextStatus.COMPLETED:
        return "summarising"
    if call.transcript_status == TextStatus.PROCESSING:
        return f"transcribing {progress or 0} %"
    if call.recording_download_status == DownloadStatus.READY:
        return "downloaded"
    if call.recording_status == RecordingStatus.COMPLETED:
        return "downloading"
    return "recording" if call.recording_status == RecordingStatus.RECORDING else "ringing"
