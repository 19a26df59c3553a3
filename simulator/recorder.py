"""Records calls: what a recording holds is what was said between its start and its end on the call's clock."""

import hashlib

from simulator.announcements import announce_recording
from simulator.audio import Audio
from simulator.exchange import Exchange
from simulator.records import Call, Recording, RecordingOrder

SHORTEST = 1.0  # seconds; Twilio keeps nothing shorter
TOO_SHORT = 16101


class NotEligible(Exception):
    """The call cannot be recorded: it is not answered yet, or over."""


def start_recording(exchange: Exchange, call: Call, order: RecordingOrder, start: float | None = None) -> Recording:
    """Without `start` it begins now. A second one beside the first is what costs money, so it is granted too."""
    one_channel = call.faults.mono or order.track != "both"
    with exchange.lock:
        if call.status != "in-progress":
            raise NotEligible(call.status)
        recording = Recording(
            call_sid=call.sid,
            order=order,
            channels=1 if one_channel else order.channels,
            start=call.clock.seconds() if start is None else start,
        )
        exchange.recordings[recording.sid] = recording
        call.recordings.append(recording)
    announce_recording(exchange, call, recording)
    return recording


def refuse_create(exchange: Exchange, call: Call) -> bool:
    """Whether the call's fault refuses this creation request."""
    with exchange.lock:
        refused = call.faults.refused_creates > 0
        call.faults.refused_creates -= refused
    return refused


def stop_recording(exchange: Exchange, recording: Recording, end: float) -> None:
    with exchange.lock:
        if recording.end is None:
            recording.end = end
            recording.become("processing")


def publish_recording(exchange: Exchange, call: Call, recording: Recording) -> None:
    """Make a stopped recording final: completed with its audio, or absent."""
    sound = _sound(call, recording)
    digest = hashlib.sha256(sound.wav()).hexdigest()
    with exchange.lock:
        code = call.faults.absent_code or (TOO_SHORT if sound.seconds < SHORTEST else None)
        recording.error_code = code
        recording.duration = 0 if code else round(sound.seconds)
        recording.audio = None if code else sound
        recording.sha256 = None if code else digest
        recording.become("absent" if code else "completed")
    if not recording.deleted:
        announce_recording(exchange, call, recording)


def _sound(call: Call, recording: Recording) -> Audio:
    whole = call.audio.cut(recording.start, recording.end or 0.0)
    if recording.order.track != "both":
        sound = whole.dual().channel(0 if recording.order.track == "inbound" else 1)
    else:
        sound = whole.dual() if recording.channels == 2 else whole.mixed()
    return sound.trimmed() if recording.order.trim else sound
