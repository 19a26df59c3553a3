"""The life of a call, from the first ring to its published recordings; each call has a thread of its own."""

import threading
from collections.abc import Callable

from simulator.announcements import announce_call
from simulator.exchange import Exchange
from simulator.fields import call_fields, inbound_fields
from simulator.line import Line
from simulator.recorder import publish_recording, stop_recording
from simulator.records import Call, Recording, now
from simulator.twiml import Document, parse
from simulator.verbs import follow, rejection

# Seconds of the call's clock.
SETUP_SECONDS = 1.0
RINGING_SECONDS = 3.0
APOLOGY_SECONDS = 3.0  # "we are sorry, an application error has occurred"
PUBLISHING_SECONDS = 2.0

Life = Callable[[Line], str]
"""Lives through a call and returns its final status."""


def begin(exchange: Exchange, call: Call) -> None:
    life = _inbound if call.direction == "inbound" else _outbound
    call.outbox.open(call.sid)
    threading.Thread(target=_live, args=(exchange, call, life), name=call.sid, daemon=True).start()


def hang_up(exchange: Exchange, call: Call) -> None:
    """From outside, by the REST API: a call that was not answered yet is canceled."""
    with exchange.lock:
        if call.answered_at is None:
            call.hangup = "canceled"
        call.over.set()


def _live(exchange: Exchange, call: Call, life: Life) -> None:
    line = Line(exchange, call)
    status = "failed"
    try:
        status = life(line)
    finally:  # whatever happened, nobody waits for this call for ever
        _end(line, status)
        call.outbox.close()
        call.finished.set()


def _inbound(line: Line) -> str:
    call = line.call
    call.become("ringing")
    announce_call(line.exchange, call, "initiated")
    announce_call(line.exchange, call)
    form = inbound_fields(line.exchange.account.account_sid, call)
    document = line.document("voice", call.voice_url, call.voice_method, form)
    refused = rejection(document)
    if refused:
        return refused
    if call.hangup:
        line.ring(RINGING_SECONDS)
    return _converse(line, lambda: document)


def _outbound(line: Line) -> str:
    call = line.call
    announce_call(line.exchange, call, "initiated")
    line.ring(SETUP_SECONDS)
    call.become("ringing")
    announce_call(line.exchange, call)
    line.ring(RINGING_SECONDS)
    return _converse(line, lambda: _outbound_document(line))


def _converse(line: Line, document: Callable[[], Document | None]) -> str:
    """Answer unless it was hung up before; an outbound call asks what to do only once it is answered."""
    if line.call.hangup or not line.answer():
        return line.call.hangup or "canceled"
    words = document()
    if words is None:
        line.stay(APOLOGY_SECONDS)
    follow(line, words)
    return "completed"


def _outbound_document(line: Line) -> Document | None:
    call = line.call
    if call.twiml is not None:
        return parse(call.twiml, line.exchange.public_base_url)
    form = call_fields(line.exchange.account.account_sid, call)
    document = line.document("voice", call.voice_url, call.voice_method, form)
    line.catch_up()
    return document


def _end(line: Line, status: str) -> None:
    call = line.call
    for stream in list(line.streams):
        line.stop_stream(stream)
    recordings = _close(line, status)
    announce_call(line.exchange, call)
    line.exchange.stopping.wait(call.clock.wall_seconds(PUBLISHING_SECONDS if recordings else 0))
    for recording in recordings:
        publish_recording(line.exchange, call, recording)


def _close(line: Line, status: str) -> list[Recording]:
    """Nothing can be recorded from here on: the status changes under the lock that a creation looks under."""
    call = line.call
    with line.exchange.lock:
        call.become(status)
        call.ended_at = now()
        call.duration = round(line.position)
        for recording in call.recordings:
            stop_recording(line.exchange, recording, line.position)
        return list(call.recordings)
