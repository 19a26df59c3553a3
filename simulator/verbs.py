"""Does what TwiML says, one verb after the other, until a document ends or somebody hangs up."""

import logging
from collections.abc import Callable
from xml.etree.ElementTree import Element

from simulator.announcements import announce_call
from simulator.line import Line, Stream
from simulator.outbox import Subscription
from simulator.recorder import start_recording, stop_recording
from simulator.records import Call, RecordingOrder
from simulator.twiml import Document, parse, words

log = logging.getLogger(__name__)

SPEECH_RATE = 15  # characters a second, an unhurried voice
LONGEST_RECORDING = 3600  # seconds; Twilio's maxLength where a Record names none

Verb = Callable[[Line, Document, Element], Document | None]
"""Carries out one verb; returns the document to follow instead, if there is one."""


def follow(line: Line, document: Document | None) -> None:
    while document is not None:
        document = _follow_one(line, document)


def rejection(document: Document | None) -> str | None:
    """The final status of a call whose first verb refuses it."""
    if document is None or not document.verbs or document.verbs[0].tag != "Reject":
        return None
    return "busy" if document.verbs[0].get("reason") == "busy" else "no-answer"


def _follow_one(line: Line, document: Document) -> Document | None:
    for element in document.verbs:
        if line.is_over:
            return None
        verb = VERBS.get(element.tag)
        if verb is None:
            log.warning("VERB_SKIPPED call_sid=%s verb=%s", line.call.sid, element.tag)
            continue
        instead = verb(line, document, element)
        if instead:
            return instead
    return None


def _say(line: Line, document: Document, element: Element) -> None:
    line.stay(len("".join(element.itertext()).strip()) / SPEECH_RATE * int(element.get("loop", "1")))


def _pause(line: Line, document: Document, element: Element) -> None:
    line.stay(float(element.get("length", "1")))


def _hang_up(line: Line, document: Document, element: Element) -> None:
    line.call.over.set()


def _redirect(line: Line, document: Document, element: Element) -> Document | None:
    url = document.address(Element("Redirect", {"to": (element.text or "").strip()}), "to") or document.url
    return _next_document(line, url, element.get("method", "POST"), {})


def _start(line: Line, document: Document, element: Element) -> None:
    for noun in element:
        if noun.tag == "Recording":
            start_recording(line.exchange, line.call, _start_order(document, noun), start=line.position)
        elif noun.tag == "Stream":
            line.start_stream(_stream(document, noun))


def _connect(line: Line, document: Document, element: Element) -> Document | None:
    streams = [line.start_stream(_stream(document, noun)) for noun in element.iter("Stream")]
    line.stay_to_the_end()
    for stream in streams:
        line.stop_stream(stream)
    return _action(line, document, element, {"StreamSid": streams[0].sid} if streams else {})


def _dial(line: Line, document: Document, element: Element) -> Document | None:
    leg = _answered_leg(line, document, element)
    order = _dial_order(document, element)
    recording = start_recording(line.exchange, line.call, order, start=line.position) if order else None
    begin = line.position
    line.stay_to_the_end()
    leg.duration = round(line.position - begin)
    leg.become("completed")
    announce_call(line.exchange, leg)
    if recording:
        stop_recording(line.exchange, recording, line.position)
    outcome = {"DialCallSid": leg.sid, "DialCallStatus": "completed", "DialCallDuration": str(leg.duration)}
    return _action(line, document, element, outcome)


def _answered_leg(line: Line, document: Document, element: Element) -> Call:
    number = element.find("Number")
    leg = line.exchange.open_leg(line.call, ("".join(element.itertext())).strip())
    if number is not None:
        leg.callback = _subscription(document, number, "statusCallback", "completed")
    for status in ("initiated", "ringing", "in-progress"):
        leg.become(status if status in ("ringing", "in-progress") else "queued")
        announce_call(line.exchange, leg, status)
    return leg


def _record(line: Line, document: Document, element: Element) -> Document | None:
    order = RecordingOrder(
        source="RecordVerb",
        channels=1,
        trim=element.get("trim", "trim-silence") == "trim-silence",
        callback=_subscription(document, element, "recordingStatusCallback", "completed"),
    )
    recording = start_recording(line.exchange, line.call, order, start=line.position)
    line.stay(float(element.get("maxLength", LONGEST_RECORDING)))
    stop_recording(line.exchange, recording, line.position)
    outcome = {
        "RecordingUrl": line.exchange.recording_url(recording),
        "RecordingSid": recording.sid,
        "RecordingDuration": str(round(line.position - recording.start)),
        "Digits": "hangup" if line.is_over else "",
    }
    return _next_document(line, document.address(element, "action") or document.url, "POST", outcome)


def _action(line: Line, document: Document, element: Element, outcome: dict[str, str]) -> Document | None:
    url = document.address(element, "action")
    return _next_document(line, url, element.get("method", "POST"), outcome) if url else None


def _next_document(line: Line, url: str, method: str, form: dict[str, str]) -> Document:
    """The answer to follow from here; where there is none that can be followed, the call ends."""
    answer = line.document("action", url, method, form)
    line.catch_up()
    return answer or parse("<Response><Hangup/></Response>", url)


def _start_order(document: Document, noun: Element) -> RecordingOrder:
    return RecordingOrder(
        source="StartCallRecordingTwiML",
        channels=1 if noun.get("channels") == "mono" else 2,
        trim=noun.get("trim", "trim-silence") == "trim-silence",
        track=noun.get("track", "both"),
        callback=_subscription(document, noun, "recordingStatusCallback", "completed"),
    )


def _dial_order(document: Document, element: Element) -> RecordingOrder | None:
    mode = element.get("record", "do-not-record")
    if mode in ("do-not-record", "false"):
        return None
    return RecordingOrder(
        source="DialVerb",
        channels=2 if mode.endswith("-dual") else 1,
        trim=element.get("trim", "do-not-trim") == "trim-silence",
        track=element.get("recordingTrack", "both"),
        callback=_subscription(document, element, "recordingStatusCallback", "completed"),
    )


def _stream(document: Document, noun: Element) -> Stream:
    return Stream(noun.get("name", ""), _subscription(document, noun, "statusCallback", ""))


def _subscription(document: Document, element: Element, name: str, default: str) -> Subscription | None:
    """The callback an element names by the attributes `name`, `nameEvent` and `nameMethod`."""
    url = document.address(element, name)
    if url is None:
        return None
    return Subscription(url, words(element.get(f"{name}Event"), default), element.get(f"{name}Method", "POST"))


VERBS: dict[str, Verb] = {
    "Say": _say,
    "Pause": _pause,
    "Hangup": _hang_up,
    "Reject": _hang_up,
    "Redirect": _redirect,
    "Start": _start,
    "Connect": _connect,
    "Dial": _dial,
    "Record": _record,
}
