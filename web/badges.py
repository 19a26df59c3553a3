"""The three badges of a call: what became of its recording, its transcript and its summary, in a word each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext

from db.words import NO_ERRORS, DownloadStatus, Outcome, RecordingStatus, TextStatus

State = tuple[str, str]
"""How a badge looks (pending, recording, processing, completed, failed, none) and the word it says."""


@dataclass(frozen=True)
class Badge:
    """One stage of a call, at one look."""

    stage: str
    title: str
    state: str
    word: str
    progress: int | None = None
    """Percent, while it is at work."""
    may_retry: bool = False
    """Whether it makes sense to have it done again by hand: it has failed, and what it is made from is there."""


def badges_of(call: Mapping[str, Any]) -> list[Badge]:
    """Recording, transcript and summary of a call, as the API shows it."""
    found = (
        ("recording", gettext("Recording"), _recording(call)),
        ("transcript", gettext("Transcript"), _text(call, "transcript_status")),
        ("summary", gettext("Summary"), _text(call, "summary_status")),
    )
    return [
        Badge(
            stage,
            title,
            state,
            word,
            progress=call["progress"] if state == "processing" else None,
            may_retry=_may_retry(call, stage, state),
        )
        for stage, title, (state, word) in found
    ]


def fold(badges: Sequence[Badge]) -> Badge:
    """All three at one look: what needs somebody, else what goes on, else how it ended."""
    for state in ("failed", "recording", "processing"):
        for badge in badges:
            if badge.state == state:
                return badge if state == "recording" else replace(badge, word=f"{badge.title}: {badge.word}")
    if all(badge.state == "completed" for badge in badges):
        return badges[-1]
    ended = next((badge for badge in badges if badge.state == "none"), None)
    waits = next((badge for badge in badges if badge.state == "pending"), badges[-1])
    return ended or replace(waits, word=f"{waits.title}: {waits.word}")


def _may_retry(call: Mapping[str, Any], stage: str, state: str) -> bool:
    if stage == "transcript":
        return state == "failed" and call["recording_download_status"] == DownloadStatus.READY
    if stage == "summary":
        return state == "failed" and call["transcript_status"] == TextStatus.COMPLETED
    return state == "failed" or call["recording_next_retry_at"] is not None


def _recording(call: Mapping[str, Any]) -> State:
    status = call["recording_status"]
    if status == RecordingStatus.FAILED:
        return _ended_without(call["outcome"])
    if status == RecordingStatus.RECORDING:
        return "recording", gettext("recording")
    return _download(call) if status == RecordingStatus.COMPLETED else _pending()


def _ended_without(outcome: str | None) -> State:
    if outcome == Outcome.TOO_SHORT:
        return "none", gettext("too short")
    if outcome == Outcome.SILENT:
        return "none", gettext("silent")
    if outcome in NO_ERRORS:
        return "none", gettext("not recorded")
    return _failed()


def _download(call: Mapping[str, Any]) -> State:
    status = call["recording_download_status"]
    if status == DownloadStatus.FAILED:
        return _again() if call["recording_next_retry_at"] else _failed()
    if status == DownloadStatus.DOWNLOADING:
        return _processing()
    return _completed() if status == DownloadStatus.READY else _pending()


def _text(call: Mapping[str, Any], column: str) -> State:
    status, outcome = call[column], call["outcome"]
    if outcome == Outcome.NO_SPEECH:
        return "none", gettext("no speech")
    if status == TextStatus.FAILED:
        return ("none", gettext("none")) if outcome in NO_ERRORS else _failed()
    if status == TextStatus.PROCESSING:
        return _processing()
    return _completed() if status == TextStatus.COMPLETED else _pending()


def _pending() -> State:
    return "pending", gettext("pending")


def _again() -> State:
    return "pending", gettext("will try again")


def _processing() -> State:
    return "processing", gettext("processing")


def _completed() -> State:
    return "completed", gettext("completed")


def _failed() -> State:
    return "failed", gettext("failed")
