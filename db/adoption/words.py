"""An old installation's words in ours, however they are spelled; None for what says nothing."""

import re

NOTHING = {"", "none", "null", "nil", "nan", "n/a", "undefined", "unknown", "-"}
"""How programs write that there is nothing."""

CALL_STATUS = {
    "in-progress": ("answered", "active", "ongoing", "inprogress", "started", "recording"),
    "completed": ("complete", "ended", "done", "finished", "hangup", "hung-up", "success"),
    "busy": (),
    "no-answer": ("noanswer", "missed", "unanswered", "not-answered"),
    "canceled": ("cancelled", "cancel", "abandoned"),
    "failed": ("fail", "failure", "error"),
    "rejected": ("reject", "declined", "blocked"),
    "queued": (),
    "initiated": ("created", "dialing", "dialling"),
    "ringing": ("ring",),
}
DIRECTION = {
    "inbound": ("in", "incoming", "inbound-api", "trunking-terminating"),
    "outbound": ("out", "outgoing", "outbound-api", "outbound-dial", "trunking-originating"),
}
RECORDING_STATUS = {
    "completed": ("complete", "done", "success", "ok", "available", "recorded", "downloaded", "ready", "processed"),
    "failed": ("fail", "failure", "error", "absent"),
    "recording": ("in-progress", "processing", "started"),
}
DOWNLOAD_STATUS = {"ready": ("completed", "done", "downloaded", "ok")}
RECORDING_MODE = {
    "TWILIO_CALL_RECORD": (),
    "RECORDING_API": (),
    "TWIML_RECORDING": (),
    "OFF": ("disabled",),
}
TRANSCRIPT_SOURCE = {
    "recording": ("offline", "whisper-recording"),
    "realtime": ("real-time", "live", "stream"),
    "failed": ("fail", "error"),
}

Vocabulary = dict[str, tuple[str, ...]]


def said(text: str | None) -> str | None:
    """The text without blanks around it; None when it says nothing."""
    trimmed = (text or "").strip()
    return None if trimmed.casefold() in NOTHING else trimmed


def known(text: str | None, vocabulary: Vocabulary) -> str | None:
    """Our word for it; None when it says nothing, or nothing that we know."""
    plain = _plain(text or "")
    return next((word for word, others in vocabulary.items() if plain == _plain(word) or plain in others), None)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())
