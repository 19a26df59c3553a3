"""What the phone company tells us: checked, committed, then answered."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from conf.logs import log_event
from db import calls, costs, deliveries, events, recordings, streams, tasks
from db.calls import TWILIO, CallFacts
from db.events import Event
from db.models import Business, CallLog
from db.words import FINAL_CALL_STATUSES, RecordingMode, RecordingStatus, Stage
from providers.telephony import Answer, recording_url
from web import fields
from web.gate import admit_signed, given
from web.house import house

log = logging.getLogger(__name__)

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhook")
webhooks.before_request(admit_signed)

NOTHING_MORE = ("", 204)
LOST_WEBHOOK = range(11200, 11300)
"""Error codes that mean we have missed something about the call."""

Answered = tuple[str, int]


class Deleted(Exception):
    """The call was deleted: nothing that is told of it is kept. `answer` is how it would be put through."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@webhooks.route("/incoming_call", methods=["GET", "POST"])
def incoming_call() -> Response:
    """Somebody calls a number of ours: keep the call, and record it from second 0."""
    return _put_through("inbound", record=_records_by_twiml())


@webhooks.route("/outbound_call", methods=["GET", "POST"])
def outbound_call() -> Response:
    """A call we placed was answered; it is recorded since the answer, unless TwiML is to start that."""
    return _put_through("outbound", record=house().settings.recording_start == "twiml")


@webhooks.route("/call_status", methods=["GET", "POST"])
def call_status() -> Answered:
    """How the call goes on; `in-progress` makes sure that a recording is running."""
    if "TranscriptionSid" in given():
        raise BadRequest("TranscriptionSid: this is not a call status")
    facts = fields.call_facts(given())
    with house().database.transaction() as session:
        call = _tell(session, facts)
        if facts.status == "in-progress" and call.recording_status == RecordingStatus.PENDING:
            _expect_recording(session, call)
    house().admit(Stage.RECORDING, call)
    return NOTHING_MORE


@webhooks.post("/handle_recording")
def handle_recording() -> Answered:
    """How the recording goes on; `completed` has it fetched, once."""
    settings = house().settings
    recording_sid = fields.required(given(), "RecordingSid", fields.RECORDING_SID)
    url = recording_url(settings.twilio_api_base_url, str(settings.twilio_account_sid), recording_sid)
    facts = fields.recording_facts(given(), url)
    with house().database.transaction() as session:
        call = _hear(session, CallFacts(fields.required(given(), "CallSid", fields.CALL_SID)))
        is_new = recordings.tell(session, call, facts, said_by=TWILIO, ask_after=settings.retry_base_seconds)
    if is_new:
        recordings.log_start(call, facts)
    who = {"call_sid": call.call_sid, "recording_sid": recording_sid}
    log_event(log, logging.INFO, "RECORDING_CALLBACK", **who, status=facts.status)
    house().admit(Stage.DOWNLOAD, call)
    if call.direction is None:
        house().admit(Stage.RECORDING, call)
    return NOTHING_MORE


@webhooks.post("/stream_status")
def stream_status() -> Answered:
    """A media stream started, stopped or broke."""
    stream_sid = fields.required(given(), "StreamSid", fields.STREAM_SID)
    event = fields.required(given(), "StreamEvent", fields.WORD)
    at = fields.moment(given(), "Timestamp") or datetime.now(UTC)
    with house().database.transaction() as session:
        call = _tell(session, CallFacts(fields.required(given(), "CallSid", fields.CALL_SID)))
        if event == "stream-started":
            streams.started(session, call, stream_sid, at)
        elif event in ("stream-stopped", "stream-error"):
            error = fields.remark(given(), "StreamError") or "unknown" if event == "stream-error" else None
            streams.stopped(session, call, stream_sid, at, error)
        else:
            raise BadRequest("StreamEvent: unknown")
    return NOTHING_MORE


@webhooks.post("/stream_ended")
def stream_ended() -> Response:
    """The stream is over, and with it the call."""
    with house().database.transaction() as session:
        _tell(session, fields.call_facts(given()))
    return _twiml(house().twiml.hang_up())


@webhooks.post("/debugger")
def debugger() -> Answered:
    """The phone company reports an error; one about our webhooks has the call looked at now."""
    payload = _payload()
    call_sid = fields.CALL_SID.fullmatch(str(payload.get("resource_sid", "")))
    code = fields.count({"code": str(payload.get("error_code", ""))}, "code")
    if not call_sid or code is None:
        return NOTHING_MORE  # about something that is no call of ours
    notice = fields.optional(given(), "Sid", fields.NOTICE_SID) or str(code)
    with house().database.transaction() as session:
        call = _tell(session, CallFacts(call_sid.group()))
        streams.failed_webhook(session, call, notice, code)
        is_open = call.recording_status in (RecordingStatus.PENDING, RecordingStatus.RECORDING)
        if code in LOST_WEBHOOK and (is_open or call.call_status not in FINAL_CALL_STATUSES):
            tasks.open_task(session, call, Stage.RECORDING)
    house().admit(Stage.RECORDING, call)
    return NOTHING_MORE


@webhooks.post("/fallback")
def fallback() -> Response:
    """Our first answer failed: answer now, and note the error on the call."""
    facts = fields.call_facts(given())
    code = fields.count(given(), "ErrorCode")
    with house().database.transaction() as session:
        call = _tell(session, facts)
        events.note(session, call.id, Event.FALLBACK_USED, said_by=TWILIO, once=f"fallback:{code}", error_code=code)
        answer = _take(session, call)
    house().admit(Stage.RECORDING, call)
    return _twiml(house().twiml.answer(answer, record=_records_by_twiml() and call.direction == "inbound"))


@webhooks.errorhandler(Deleted)
def answer_for_deleted(deleted: Deleted) -> Response | Answered:
    """As for any call, since somebody may be on the line; but nothing is recorded."""
    if request.endpoint not in TWIML_ENDPOINTS:
        return NOTHING_MORE
    if request.endpoint == "webhooks.stream_ended":
        return _twiml(house().twiml.hang_up())
    return _twiml(house().twiml.answer(deleted.answer, record=False))


def answer_without_database() -> Response | Answered:
    """The database does not answer: a caller is still put through, and any other event is asked for again."""
    if request.endpoint not in TWIML_ENDPOINTS:
        return "", 503
    if request.endpoint == "webhooks.stream_ended":
        return _twiml(house().twiml.hang_up())
    inbound = given().get("Direction") == "inbound" and request.endpoint != "webhooks.outbound_call"
    answer = Answer(forward_to=house().settings.fallback_forward_number)
    return _twiml(house().twiml.answer(answer, record=inbound and _records_by_twiml()))


TWIML_ENDPOINTS = {f"webhooks.{view.__name__}" for view in (incoming_call, outbound_call, stream_ended, fallback)}


def _put_through(direction: str, *, record: bool) -> Response:
    """Keep the call, have its recording seen to, and say where it goes."""
    facts = fields.call_facts(given())
    with house().database.transaction() as session:
        call = _tell(session, replace(facts, direction=facts.direction or direction))
        answer = _take(session, call)
    house().admit(Stage.RECORDING, call)
    return _twiml(house().twiml.answer(answer, record=record))


def _take(session: Session, call: CallLog) -> Answer:
    _answered(call)
    _expect_recording(session, call)
    return _answer(session, call)


def _tell(session: Session, facts: CallFacts) -> CallLog:
    """The call, which has taken in what is said of it. Raises Deleted, which undoes what was written meanwhile."""
    call = _hear(session, facts)
    if call.deleted_at is not None:
        raise Deleted(_answer(session, call))
    return call


def _hear(session: Session, facts: CallFacts) -> CallLog:
    """As above; of a call that was deleted the tombstone."""
    delivery = fields.DELIVERY.fullmatch(request.headers.get("I-Twilio-Idempotency-Token", ""))
    repeated = deliveries.count(session, delivery.group() if delivery else None)
    call = calls.tell(session, facts, ask_after=house().settings.retry_base_seconds)
    if call.deleted_at is not None:
        return call
    if call.direction is None and call.recording_status == RecordingStatus.PENDING:
        tasks.open_task(session, call, Stage.RECORDING)  # nobody has told us whose call it is: ask
    if repeated:
        call.webhook_retry_count = (call.webhook_retry_count or 0) + 1
        if call.call_status in FINAL_CALL_STATUSES:
            costs.work_out(session, call)
    return call


def _answered(call: CallLog) -> None:
    """Our answer is what puts the caller through; one that comes late tells nothing of when that was."""
    if call.call_status not in FINAL_CALL_STATUSES:
        call.answered_at = call.answered_at or datetime.now(UTC)


def _expect_recording(session: Session, call: CallLog) -> None:
    """Have somebody look whether the call is recorded: at once where REST is the safety net."""
    settings = house().settings
    if call.recording_status != RecordingStatus.PENDING:
        return
    if settings.recording_start == "off":
        call.recording_mode = call.recording_mode or RecordingMode.OFF
        return
    if _records_by_twiml() and (call.direction == "inbound" or settings.recording_start == "twiml"):
        call.recording_mode = call.recording_mode or RecordingMode.TWIML
    elif settings.recording_start == "auto":
        call.recording_mode = call.recording_mode or RecordingMode.CALL_RECORD  # as we place calls
    tasks.open_task(
        session, call, Stage.RECORDING, due_in=settings.stuck_seconds if settings.recording_start == "twiml" else 0
    )


def _records_by_twiml() -> bool:
    return house().settings.recording_start in ("auto", "twiml")


def _answer(session: Session, call: CallLog) -> Answer:
    business = session.get(Business, call.business_id) if call.business_id else None
    if business is None:
        return Answer(forward_to=house().settings.fallback_forward_number)
    return Answer(business.forward_number, business.greeting_message, business.language or "en")


def _payload() -> dict[str, object]:
    try:
        payload = json.loads(given().get("Payload", ""))
    except (ValueError, RecursionError):  # no JSON, or brackets within brackets without end
        return {}
    return payload if isinstance(payload, dict) else {}


def _twiml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
