"""An old error in a sentence of ours: old texts hold addresses, keys, numbers and what people said.

Nothing of the text is kept but its kind: an HTTP status, or the name of an error class.
"""

import re

from db.adoption.words import said
from db.stages import PREFIX
from db.words import Stage

STAGES = (
    (re.compile(r"summar|openai|gpt|llm|סיכום", re.IGNORECASE), Stage.SUMMARY),
    (re.compile(r"transcri|whisper|speech|stt|תמליל", re.IGNORECASE), Stage.TRANSCRIPT),
)
"""Looked for in this order; whatever names neither is about the recording."""

NAMED = re.compile(r"(recording|transcript|summary) failed", re.IGNORECASE)
BY_NAME = {"recording": Stage.RECORDING, "transcript": Stage.TRANSCRIPT, "summary": Stage.SUMMARY}

KINDS = (
    (r"\b(404|410)\b|not.?found|no such|deleted", "The old system did not find it."),
    (r"\b(401|403)\b|unauthori[sz]ed|forbidden|authenticat|credential|permission", "The old system was refused."),
    (r"\b429\b|rate.?limit|too many|quota", "The old system was asked to slow down."),
    (r"time.?d?.?out|deadline", "The old system got no answer in time."),
    (r"no space|disk|read-?only", "The old system's disk could not take it."),
    (r"corrupt|decod|ffmpeg|invalid (data|audio|file)|not audio", "The old system got a file it could not read."),
    (r"connect|network|dns|resolve|unreachable|reset|broken pipe|ssl", "The old system got no connection."),
)
KNOWN = tuple((re.compile(pattern, re.IGNORECASE), sentence) for pattern, sentence in KINDS)

STATUS = re.compile(r"(?<![\w.:/-])(5\d\d)(?![\w.:/-])")
CLASS = re.compile(r"\b([A-Z][A-Za-z]{2,36}(?:Error|Exception|Failure))\b")


def told(text: str | None) -> str | None:
    """`Stage failed: sentence`, as last_error has it; None when the old text says nothing."""
    error = said(text)
    return error and f"{PREFIX[_stage(error)]}: {_sentence(error)}"


def _stage(error: str) -> Stage:
    named = NAMED.search(error)
    if named:
        return BY_NAME[named.group(1).casefold()]
    return next((stage for pattern, stage in STAGES if pattern.search(error)), Stage.RECORDING)


def _sentence(error: str) -> str:
    found = next((sentence for pattern, sentence in KNOWN if pattern.search(error)), None)
    if found:
        return found
    kind = STATUS.search(error) or CLASS.search(error)
    return f"The old system failed ({kind.group(1)})." if kind else "The old system failed."
