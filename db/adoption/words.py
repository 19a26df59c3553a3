"""An old installation's words in ours, however they are spelled; None for what says nothing."""

import re
from collections.abc import Mapping
from functools import lru_cache

Vocabulary = Mapping[str, str]
"""Our word for each of theirs, in plain spelling."""

NOTHING = {"", "none", "null", "nil", "nan", "n/a", "undefined", "unknown", "-"}
"""How programs write that there is nothing."""

FILLED_IN = "realtime"
"""What an old migration had put into recording_mode of every row: it tells nothing of the call."""


def said(text: str | None) -> str | None:
    """The text without blanks around it; None when it says nothing."""
    trimmed = (text or "").strip()
    return None if trimmed.casefold() in NOTHING else trimmed


def known(text: str | None, vocabulary: Vocabulary) -> str | None:
    """Our word for it; None when it says nothing, or nothing that we know."""
    return vocabulary.get(_plain(text)) if text else None


@lru_cache(maxsize=1000)
def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def _vocabulary(words: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    return {_plain(theirs): ours for ours, others in words.items() for theirs in (ours, *others)}


CALL_STATUS = _vocabulary(
    {
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
)
DIRECTION = _vocabulary(
    {
        "inbound": ("in", "incoming", "inbound-api", "trunking-terminating"),
        "outbound": ("out", "outgoing", "outbound-api", "outbound-dial", "trunking-originating"),
    }
)
RECORDED = _vocabulary(
    {"completed": ("complete", "done", "success", "ok", "available", "recorded", "downloaded", "ready", "processed")}
)
"""Of what an old recording_status says, only this much can be believed."""

RECORDING_MODE = _vocabulary(
    {"TWILIO_CALL_RECORD": (), "RECORDING_API": (), "TWIML_RECORDING": (), "OFF": ("disabled",)}
)
TRANSCRIPT_SOURCE = _vocabulary(
    {
        "recording": ("offline", "whisper-recording"),
        "realtime": ("real-time", "live", "stream"),
        "failed": ("fail", "error"),
    }
)
