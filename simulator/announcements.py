"""Tells the customer what happened to a call, a recording or a stream, if the customer asked for it."""

from simulator import fields
from simulator.exchange import Exchange
from simulator.outbox import Notice, Subscription
from simulator.records import FINAL, Call, Recording, now

EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}
"""The event a call status belongs to; all final ones belong to `completed`."""


def announce_call(exchange: Exchange, call: Call, status: str | None = None) -> None:
    """`status` only where it is not the call's own: a call just placed is queued, and announced as initiated."""
    status = status or call.status
    event = "completed" if status in FINAL else EVENTS[status]
    if call.callback is None or event not in call.callback.events:
        return
    form = fields.status_fields(exchange.account.account_sid, call, status, now())
    if status == "completed":
        form |= _recorded_by_order(exchange, call)
    call.sequence += 1
    kind = "leg" if call.parent_sid else "call"
    call.outbox.put(Notice(f"{kind}-{event}", call.callback.url, form, call.callback.method))


def announce_recording(exchange: Exchange, call: Call, recording: Recording) -> None:
    callback = recording.order.callback
    if callback is None or recording.status not in callback.events:
        return
    url = exchange.recording_url(recording)
    form = fields.recording_fields(exchange.account.account_sid, recording, url)
    call.outbox.put(Notice(f"recording-{recording.status}", callback.url, form, callback.method))


def announce_stream(exchange: Exchange, call: Call, callback: Subscription, sid: str, name: str, event: str) -> None:
    form = fields.stream_fields(exchange.account.account_sid, call.sid, sid, name, event)
    call.outbox.put(Notice(event, callback.url, form, callback.method))


def _recorded_by_order(exchange: Exchange, call: Call) -> dict[str, str]:
    """The final event of a call that was placed with Record names its recording too."""
    return next(
        (
            {"RecordingSid": recording.sid, "RecordingUrl": exchange.recording_url(recording)}
            for recording in call.recordings
            if recording.order.source == "OutboundAPI"
        ),
        {},
    )
