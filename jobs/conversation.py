"""What the two channels of a call tell about the conversation: who talked how long, and who let whom finish."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from db.words import Speaker

BACKCHANNEL_SECONDS = 1.0
"""A shorter "yes" while the other speaks takes no turn: it ends no monologue and interrupts nobody."""

SIDES = (Speaker.CUSTOMER, Speaker.BUSINESS)


class _Talk(NamedTuple):
    """Somebody speaks, from second to second."""

    speaker: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def numbers_of(turns: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any] | None:
    """Times in seconds, shares in percent of all talk; None where speakers could not be told apart.

    {"silence_seconds", "customer": side, "business": side}, a side being {"talk_seconds", "talk_share",
    "longest_monologue_seconds", "interruptions", "response_seconds"}; the last is the median wait before an answer,
    NULL when there was none.
    """
    talk = [_Talk(turn["speaker"], turn["start"], turn["end"]) for turn in turns]
    if not talk or not {part.speaker for part in talk} <= set(SIDES):
        return None
    talk.sort(key=lambda part: part.start)
    spoken = {side: sum(part.seconds for part in talk if part.speaker == side) for side in SIDES}
    turns_taken = [part for part in talk if part.seconds >= BACKCHANNEL_SECONDS] or talk
    return {
        "silence_seconds": round(max(0.0, seconds - _covered(talk)), 1),
        **{side.value: _side(side, turns_taken, spoken) for side in SIDES},
    }


def _side(side: Speaker, talk: Sequence[_Talk], spoken: Mapping[Speaker, float]) -> dict[str, Any]:
    changes = [(before, after) for before, after in pairwise(talk) if after.speaker == side != before.speaker]
    waits = [after.start - before.end for before, after in changes if after.start >= before.end]
    cuts = [after for before, after in changes if before.end - after.start >= BACKCHANNEL_SECONDS / 2]
    return {
        "talk_seconds": round(spoken[side], 1),
        "talk_share": round(100 * spoken[side] / sum(spoken.values())),
        "longest_monologue_seconds": round(_longest(side, talk), 1),
        "interruptions": len(cuts),
        "response_seconds": round(median(waits), 1) if waits else None,
    }


def _longest(side: Speaker, talk: Sequence[_Talk]) -> float:
    """From the beginning of a turn to its end, pauses included, until the other takes one."""
    longest, start = 0.0, None
    for part in talk:
        if part.speaker != side:
            start = None
            continue
        start = part.start if start is None else start
        longest = max(longest, part.end - start)
    return longest


def _covered(talk: Sequence[_Talk]) -> float:
    """How long anybody speaks; what both say at once counts once."""
    covered = until = 0.0
    for part in talk:
        covered += max(0.0, part.end - max(part.start, until))
        until = max(until, part.end)
    return covered
