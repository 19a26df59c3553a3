"""A recording's files in our storage: how they are named and checked, and what interrupted attempts left of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from db.claims import Claim
from providers import audio
from providers.audio import AudioFacts
from providers.errors import OurOutage, ProviderError
from providers.storage import Part, Storage, digest

CALL_SID = re.compile("CA[0-9a-f]{32}")

Check = Callable[[Path], AudioFacts]


@dataclass(frozen=True)
class File:
    """A finished file, whole and checked."""

    name: str
    part: Part
    audio: AudioFacts


def name_of(claim: Claim, recording_sid: str) -> str:
    """No two claims write the same file, so a late worker can't replace the next one's."""
    return f"{claim.call_sid}/{recording_sid}-{claim.number}.wav"


def of_claim(storage: Storage, claim: Claim) -> list[str]:
    """What this claim has finished, of whichever recording."""
    return [name for name in storage.find(f"{claim.call_sid}/") if name.endswith(f"-{claim.number}.wav")]


def of_call(storage: Storage, call_sid: str) -> list[str]:
    """All of the call's. Old installations have identifiers that never named a folder, and must not name one now."""
    return storage.find(f"{call_sid}/") if CALL_SID.fullmatch(call_sid) else []


def check(announced: int | None, path: Path) -> AudioFacts:
    """Decode it and compare its length with the announced one. Raises Rejected or Unavailable."""
    facts = audio.measure(path)
    audio.check_length(facts, announced)
    return facts


def adopt(storage: Storage, name: str, *, keep: str | None, check: Check) -> File | None:
    """Take over, under our own name, a whole file that an interrupted attempt left; its like are removed.

    Whoever holds the claim may: the others can't settle theirs any more. `keep` is the file that the row names now.
    """
    recording, _, _ = name.rpartition("-")
    adopted: File | None = None
    for leftover in storage.find(f"{recording}-"):
        if leftover in (keep, name):
            continue
        adopted = adopted or _take_over(storage, leftover, name, check)
        storage.delete(leftover)
    return adopted


def _take_over(storage: Storage, leftover: str, name: str, check: Check) -> File | None:
    """None when it does not pass, or has just been removed by the one who left it."""
    try:
        with storage.local_copy(leftover) as path:
            facts, part = check(path), digest(path)
        storage.rename(leftover, name)
    except OurOutage:
        raise
    except (ProviderError, FileNotFoundError):
        return None
    return File(name, part, facts)
