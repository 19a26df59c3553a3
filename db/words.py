"""The words the columns hold; the same ones appear in the API, the logs and the docs."""

from enum import StrEnum


class Stage(StrEnum):
    """What is done with a call, in order. An open stage is a row of `task`."""

    RECORDING = "recording"
    """See that the phone company records, and learn what became of it."""
    DOWNLOAD = "download"
    """Fetch the finished recording into our storage."""
    TRANSCRIPT = "transcript"
    """Write down who said what."""
    SUMMARY = "summary"
    """Sum it up."""


class RecordingStatus(StrEnum):
    """What the phone company did."""

    PENDING = "pending"
    RECORDING = "recording"
    COMPLETED = "completed"
    FAILED = "failed"


class DownloadStatus(StrEnum):
    """Where our copy of the recording is."""

    MISSING = "missing"
    QUEUED = "queued"
    DOWNLOADING = "downloading"
    READY = "ready"
    FAILED = "failed"


class TextStatus(StrEnum):
    """How far a transcript or a summary is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Outcome(StrEnum):
    """Why a call's pipeline ended other than well."""

    NO_SPEECH = "no_speech"
    NO_RECORDING = "no_recording"
    TOO_SHORT = "too_short"
    SILENT = "silent"
    GONE = "gone"
    NOT_AUDIO = "not_audio"
    GAVE_UP = "gave_up"


NO_ERRORS = {Outcome.NO_RECORDING, Outcome.TOO_SHORT, Outcome.SILENT, Outcome.NO_SPEECH}
"""Ends that nobody has to mend."""


class RecordingMode(StrEnum):
    """Who started the recording."""

    CALL_RECORD = "TWILIO_CALL_RECORD"
    API = "RECORDING_API"
    TWIML = "TWIML_RECORDING"
    OFF = "OFF"


class Speaker(StrEnum):
    """Who is on a channel."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a user may do."""

    AGENT = "agent"
    """Reads and plays."""
    MANAGER = "manager"
    """Also retries, deletes, dials and sets up."""
    OPERATOR = "operator"
    """Sees all businesses, queues and unassigned calls."""


CALL_STATUS_ORDER = {
    "queued": 0,
    "initiated": 0,
    "ringing": 1,
    "in-progress": 2,
    "completed": 3,
    "busy": 3,
    "no-answer": 3,
    "canceled": 3,
    "failed": 3,
    "rejected": 3,
}
"""Callbacks arrive in any order: a call's status only moves up. `rejected` is a word of old installations."""

FINAL_CALL_STATUSES = {status for status, order in CALL_STATUS_ORDER.items() if order == 3}
UNANSWERED_CALL_STATUSES = FINAL_CALL_STATUSES - {"completed"}
"""Nobody spoke to anybody: no recording can be expected."""
