"""What somebody last promised, as a summary says it: its own sentence, recognised by a few verbs, never reworded."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")

ENGLISH = re.compile(
    r"\b(?:promise[sd]?|agree[sd]? to|undertook to)\b"
    r"|(?:\b(?:will|shall)|['’]ll)(?: \w+){0,2}? (?:call|ring|phone|text|email|send|bring|deliver)\b"
    r"|(?:\b(?:will|shall)|['’]ll)(?: \w+){0,2}? (?:get|come|write) back\b",
    re.IGNORECASE,
)
HEBREW = re.compile(
    r"(?<!\w)(?:ש|ו|וש)?(?:הבטיח(?:ה|ו)?|מבטיח(?:ה|ים|ות)?|התחייב(?:ה|ו)?"
    r"|[אנית]חזור(?:ו)? אלי\w*|[אני]תקשרו?|תתקשר|[אני]שלחו?|תשלח)(?!\w)"
)
NO_PROMISE = re.compile(
    r"\?|['’]t\b|\b(?:not|never|no|nobody|if|unless|asked|asks|wants?|wished)\b|(?<!\w)(?:ש|ו)?(?:לא|אין|אם|ביקש\w*|מבקש\w*|רוצה|רוצים)(?!\w)",
    re.IGNORECASE,
)
"""Questions, refusals, conditions and wishes sound alike: a promise that is missed does less harm than one made up."""


def promise_in(summary: str | None) -> str | None:
    """The last sentence of a summary that says that somebody will call, send or come back."""
    sentences = SENTENCE.split(summary or "")
    return next((one.strip() for one in reversed(sentences) if _is_promise(one)), None)


def last_promise(calls: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The newest one, with the call it was made on; `calls` are in the order of the page."""
    for call in calls:
        words = promise_in(call["summary"])
        if words:
            return {"words": words, "call": call}
    return None


def _is_promise(sentence: str) -> bool:
    says_so = ENGLISH.search(sentence) or HEBREW.search(sentence)
    return bool(says_so) and not NO_PROMISE.search(sentence)
