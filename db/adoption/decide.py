"""What became of one call of an old installation, as far as its row shows; what can't be known is NULL.

| the row shows                              | recording | what is missing then       | outcome      |
|--------------------------------------------|-----------|----------------------------|--------------|
| a recording's address, or a stored file    | completed | pending, waits for play    |              |
| the same, and no CallSid to ask for it     | completed | failed                     | gave_up      |
| nobody answered, refused or called off     | failed    | failed                     | no_recording |
| only a RecordingSid: recent                | recording | pending, Twilio is asked   |              |
| only a RecordingSid: old                   | failed    | failed                     | no_recording |
| nothing: recent                            | pending   | pending, Twilio is asked   |              |
| nothing: old                               | failed    | failed                     | no_recording |

A text that exists is completed in all of them.
"""

import math
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from db import costs
from db.adoption import errors, words
from db.adoption.old_calls import OldCall
from db.stages import PREFIX
from db.words import (
    FINAL_CALL_STATUSES,
    UNANSWERED_CALL_STATUSES,
    DownloadStatus,
    Outcome,
    RecordingStatus,
    Stage,
    TextStatus,
)

LONGEST_CALL = timedelta(days=1)
"""Twilio ends every call after a day."""

RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")

NEVER_HEARD = f"{PREFIX[Stage.RECORDING]}: The old system never heard that the recording was finished."
NO_CALL_SID = f"{PREFIX[Stage.RECORDING]}: The old system kept no CallSid, so the phone company can't be asked."

LENGTHS = {
    "duration": LONGEST_CALL.total_seconds(),
    "audio_bytes_len": 2**62,
    "audio_duration_sec": LONGEST_CALL.total_seconds(),
    "stream_duration_sec": LONGEST_CALL.total_seconds(),
}
"""Seconds and bytes, with the most they can be; at least 0, and finite."""

KEPT_TIMES = ("created_at", "updated_at", "stream_started_at", "stream_ended_at")


@dataclass(frozen=True)
class Adopted:
    """What is written for one call: columns of call_log, and the rows that belong to it."""

    call_id: int
    business_id: int | None
    columns: dict[str, Any]
    recording_sid: str | None
    """The call's own recording, which can be fetched."""
    stage: Stage | None
    """What is open from now on."""
    was: dict[str, str]
    """What stood in columns whose word or value meant nothing to us."""


@dataclass(frozen=True)
class _End:
    """How the pipeline stands."""

    recording: RecordingStatus
    missing_texts: TextStatus
    outcome: Outcome | None = None
    error: str | None = None
    download: DownloadStatus = DownloadStatus.MISSING
    stage: Stage | None = None


def decide(old: OldCall, *, now: datetime, recent: timedelta, contested: Container[str]) -> Adopted:
    """`recent` calls go on by themselves, older ones wait until somebody presses play; both in naive UTC."""
    case = _Case(old, now, recent, contested)
    end = case.end
    return Adopted(
        call_id=old.id,
        business_id=old.numbers["business_id"],
        columns=case.word_columns | case.values | case.status_columns | {"estimated_cost_bucket": case.cost_bucket},
        recording_sid=case.own_recording if end.recording is RecordingStatus.COMPLETED else None,
        stage=end.stage,
        was=case.was,
    )


class _Case:
    """One old call, and what follows from what its row shows."""

    def __init__(self, old: OldCall, now: datetime, recent: timedelta, contested: Container[str]) -> None:
        self.old, self.contested = old, contested
        created = old.times["created_at"]
        age = now - created if created else timedelta.max
        self.is_recent, self.is_over = age <= recent, age > LONGEST_CALL

    @cached_property
    def end(self) -> _End:
        if self._has_recording:
            return self._recorded()
        if self.status in UNANSWERED_CALL_STATUSES and not self._named_recording:
            return self._never_recorded()
        if self._said("recording_status", words.RECORDED):
            return self._recorded()
        if not (self.is_recent and self.old.has["call_sid"]):
            return self._never_recorded(NEVER_HEARD if self._named_recording else self._old_error)
        recording = RecordingStatus.RECORDING if self._named_recording else RecordingStatus.PENDING
        return _End(recording, TextStatus.PENDING, error=self._old_error, stage=Stage.RECORDING)

    def _recorded(self) -> _End:
        if not self.old.has["call_sid"]:
            outcome, download = Outcome.GAVE_UP, DownloadStatus.FAILED
            return _End(RecordingStatus.COMPLETED, TextStatus.FAILED, outcome, NO_CALL_SID, download)
        stage = Stage.DOWNLOAD if self.own_recording else Stage.RECORDING  # first learn what there is
        error = None if self._has_text and self.old.has["summary"] else self._old_error
        return _End(RecordingStatus.COMPLETED, TextStatus.PENDING, error=error, stage=stage if self.is_recent else None)

    def _never_recorded(self, error: str | None = None) -> _End:
        return _End(RecordingStatus.FAILED, TextStatus.FAILED, Outcome.NO_RECORDING, error)

    @cached_property
    def status(self) -> str | None:
        """Whoever was answered long ago has hung up since."""
        told = self._said("call_status", words.CALL_STATUS)
        if told not in FINAL_CALL_STATUSES:
            told = self._other_status or told
        if told in FINAL_CALL_STATUSES or not self.is_over:
            return told
        return "completed" if self._was_answered else None

    @property
    def _other_status(self) -> str | None:
        """`status` may hold it, beside a default in `call_status`; but its "failed" is about the old system's work."""
        other = self._said("status", words.CALL_STATUS)
        if other == "completed":
            return other
        is_credible = other in UNANSWERED_CALL_STATUSES - {"failed"} and not self._named_recording
        return other if is_credible and not self._was_answered else None

    @cached_property
    def _was_answered(self) -> bool:
        return self._has_recording or self._has_text or bool(self.values["duration"])

    @cached_property
    def word_columns(self) -> dict[str, Any]:
        return {
            "call_status": self.status,
            "direction": self._direction,
            "recording_mode": self._said("recording_mode", words.RECORDING_MODE),
            "transcript_source": self._said("transcript_source", words.TRANSCRIPT_SOURCE),
        }

    @property
    def status_columns(self) -> dict[str, Any]:
        """Where each stage stands, with what belongs to it. Old waits and counts are over: all attempts are new."""
        end, is_there = self.end, TextStatus.COMPLETED
        return {
            "recording_status": end.recording,
            "recording_download_status": end.download,
            "transcript_status": is_there if self._has_text else end.missing_texts,
            "summary_status": is_there if self.old.has["summary"] else end.missing_texts,
            "outcome": end.outcome,
            "last_error": end.error,
            "recording_sid": self.own_recording or words.said(self.old.words["recording_sid"]),
            "recording_count": self._recording_count,
            "recording_fail_count": 0,
            "recording_last_enqueue_at": None,
            "recording_next_retry_at": None,
        }

    @cached_property
    def values(self) -> dict[str, Any]:
        """Times and lengths; None for those that no call can have."""
        times = {name: self.old.times[name] for name in KEPT_TIMES}
        return times | {name: _length(self.old.numbers[name], most) for name, most in LENGTHS.items()}

    @property
    def was(self) -> dict[str, str]:
        found = dict(self.old.impossible)
        for name, value in self.word_columns.items():
            if words.said(self.old.words[name]) not in (None, value, words.FILLED_IN):
                found[name] = str(self.old.words[name])
        for name in LENGTHS:
            if self.old.numbers[name] is not None and self.values[name] is None:
                found[name] = str(self.old.numbers[name])
        if words.said(self.old.words["outcome"]):
            found["outcome"] = str(self.old.words["outcome"])
        return found

    @property
    def cost_bucket(self) -> str | None:
        """Known when the call has ended."""
        if not (self.is_over or self.status in FINAL_CALL_STATUSES):
            return None
        found = costs.signs(
            streams=self._count("stream_connect_count"),
            recordings=self._recording_count,
            unreachable=self._count("webhook_11205_count"),
            retries=self._count("webhook_retry_count"),
            is_recorded_twice=False,
        )
        return costs.bucket(found)

    @property
    def own_recording(self) -> str | None:
        """The RecordingSid, unless other calls name the same one."""
        return None if self._named_recording in self.contested else self._named_recording

    @cached_property
    def _named_recording(self) -> str | None:
        whole = RECORDING_SID.fullmatch((self.old.words["recording_sid"] or "").strip())
        found = whole or RECORDING_SID.search(self.old.words["recording_url"] or "")
        return found.group() if found else None

    @property
    def _has_recording(self) -> bool:
        return bool(words.said(self.old.words["recording_url"]) or self.values["audio_bytes_len"])

    @property
    def _has_text(self) -> bool:
        return any(self.old.has[name] for name in ("final_transcript", "transcription", "transcript"))

    @property
    def _recording_count(self) -> int:
        return max(self._count("recording_count"), int(self.end.recording is RecordingStatus.COMPLETED))

    @property
    def _direction(self) -> str | None:
        return self._said("direction", words.DIRECTION) or self._said("twilio_direction", words.DIRECTION)

    @property
    def _old_error(self) -> str | None:
        return errors.told(self.old.words["last_error"])

    def _said(self, column: str, vocabulary: words.Vocabulary) -> str | None:
        return words.known(self.old.words[column], vocabulary)

    def _count(self, column: str) -> int:
        return max(0, int(self.old.numbers[column] or 0))


def _length(value: Any, most: float) -> Any:
    return value if value is not None and math.isfinite(value) and 0 <= value <= most else None
