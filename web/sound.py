"""What the player draws of a recording: a lane a speaker, what is missing before it, and who cut in when."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from conf.settings import Settings
from db import stages
from db.events import Event
from db.models import CallEvent, CallLog
from db.words import Speaker

USUAL_LANES = 2
LEAST_GAP = 1.0
"""Seconds: the phone company tells times in whole ones, so less is none."""

LEAST_TURN, LEAST_CUT = 1.0, 0.5
"""Seconds, as for the numbers about the conversation: a shorter "yes" interrupts nobody, nor does a shorter overlap."""

Turn = Mapping[str, Any]


def sound_of(
    session: Session, call: CallLog, turns: Sequence[Turn], timeline: Sequence[CallEvent], settings: Settings
) -> dict[str, Any]:
    """Base64 of the peaks, one lane after the other, nothing where nobody worked them out; times in seconds."""
    recording = stages.own_recording(session, call)
    lanes = (recording.channels if recording else None) or USUAL_LANES
    speakers = [_speaker(call, channel, turns, settings) for channel in range(lanes)]
    known = (recording.audio_seconds, recording.duration) if recording else ()
    return {
        "peaks": b64encode((recording.peaks if recording else None) or b"").decode(),
        "lanes": speakers if lanes > 1 else [Speaker.UNKNOWN],
        "seconds": next((length for length in (*known, call.audio_duration_sec, call.duration) if length), 0),
        "gap": _gap(call, timeline),
        "cuts": _cuts(turns, speakers),
    }


def _speaker(call: CallLog, channel: int, turns: Sequence[Turn], settings: Settings) -> Speaker:
    """As the transcript has it; before there is one, as the phone company lays the channels."""
    if any(turn["speaker"] == Speaker.UNKNOWN for turn in turns):
        return Speaker.UNKNOWN
    outbound = settings.recording_customer_channel_outbound
    customer = outbound if call.direction == "outbound" else settings.recording_customer_channel
    usual = Speaker.CUSTOMER if channel == customer else Speaker.BUSINESS
    return next((Speaker(turn["speaker"]) for turn in turns if turn["channel"] == channel), usual)


def _gap(call: CallLog, timeline: Sequence[CallEvent]) -> float:
    """Seconds between the answer and the beginning of the call's own recording, which nobody can hear."""
    for event in timeline:
        is_own = event.detail.get("recording_sid", call.recording_sid) == call.recording_sid
        if event.event == Event.RECORDING_STARTED and is_own:
            second = float(event.detail.get("second") or 0)
            return second if second >= LEAST_GAP else 0
    return 0


def _cuts(turns: Sequence[Turn], lanes: Sequence[Speaker]) -> list[tuple[float, int]]:
    """When somebody began to speak before the other had done, and in which lane."""
    timed = [turn for turn in turns if turn["start"] is not None and turn["speaker"] in lanes]
    taken = [turn for turn in timed if turn["end"] - turn["start"] >= LEAST_TURN] or timed
    taken.sort(key=lambda turn: turn["start"])
    return [
        (after["start"], lanes.index(after["speaker"]))
        for before, after in pairwise(taken)
        if before["speaker"] != after["speaker"] and before["end"] - after["start"] >= LEAST_CUT
    ]
