"""A call that a reader has us place, on a page or through the API.

The phone company is asked once. Who asks a second time with the same key hears of the first call.
"""

import logging
import re
import time

from flask_babel import gettext
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import businesses, calls, placed_calls, tasks
from db.calls import CallFacts
from db.models import CallLog
from db.numbers import e164
from db.words import CALL_STATUS_ORDER, FINAL_CALL_STATUSES, RecordingMode, Stage
from providers.errors import ProviderError, Unavailable
from providers.telephony import CallInfo, NotPlaced, PerhapsPlaced, Telephony
from web import desk, loader, phones, reasons
from web.auth import Reader, reader
from web.house import house

log = logging.getLogger(__name__)

KEY = re.compile(r"[\x21-\x7e]{1,128}")

LOOKS, LOOK_EVERY_SECONDS = 8, 0.25
"""Two presses of a button: the second one waits as long as a phone company mostly takes."""


class NotDialled(Exception):
    """No call was placed, or nobody knows: the HTTP status, a word for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.parameter = status, code, message, parameter


def place(to: str, *, business_id: int | None = None, key: str | None = None) -> str:
    """The CallSid of the call. Raises NotDialled."""
    who = reader()
    telephony = house().telephony
    if telephony is None:
        raise NotDialled(503, "no_credentials", gettext("No account at the phone company is set up, so we can't call."))
    if key is not None and not KEY.fullmatch(key):
        raise NotDialled(400, "bad_request", gettext("The key is malformed."), parameter="Idempotency-Key")
    with house().database.transaction() as session:
        caller = _caller(session, who, business_id)
        number = _number(to, caller)
        is_ours = key is None or placed_calls.begin(session, who.id, key)
    if key is not None and not is_ours:
        return _placed_before(who, key, number)
    return _place(telephony, who, caller, number, key)


def _caller(session: Session, who: Reader, wanted: int | None) -> str:
    """The number of the business that calls: an operator may say which."""
    if wanted is not None and wanted != who.business_id and not who.is_operator:
        raise NotDialled(400, "bad_request", gettext("Only operators choose the business."), parameter="business_id")
    business_id = wanted or who.business_id
    if business_id is None or not businesses.exists(session, business_id):
        raise NotDialled(400, "bad_request", gettext("Say which business calls."), parameter="business_id")
    number = businesses.caller_number(session, business_id)
    if number is None:
        raise NotDialled(409, "no_number", gettext("The business has no number of its own to call from."))
    return number


def _number(to: str, caller: str) -> str:
    """In E.164; one without its country is of the country that we call from."""
    number = e164(to, phones.country_of_number(caller))
    if number is None:
        raise NotDialled(400, "bad_request", gettext("This is not a telephone number."), parameter="to")
    return number


def _place(telephony: Telephony, who: Reader, caller: str, number: str, key: str | None) -> str:
    """No database connection is held while the phone company is asked."""
    is_recorded = house().settings.recording_start == "auto"
    try:
        with desk.left():
            info = telephony.place_call(number, caller, house().twiml.callbacks(), record=is_recorded)
    except ProviderError as error:
        log_event(log, logging.WARNING, "CALL_NOT_PLACED", said_by=f"user:{who.id}", reason=error.reason)
        if key is not None and not isinstance(error, PerhapsPlaced):
            with house().database.transaction() as session:
                placed_calls.undo(session, who.id, key)
        raise _told(error) from error
    with house().database.transaction() as session:
        _keep(session, info)
        if key is not None:
            placed_calls.finish(session, who.id, key, info.call_sid)
    log_event(log, logging.DEBUG, "CALL_PLACED", call_sid=info.call_sid)
    return info.call_sid


def _keep(session: Session, info: CallInfo) -> None:
    """The phone company's first events may have been quicker."""
    settings = house().settings
    facts = CallFacts(
        call_sid=info.call_sid,
        status=info.status if info.status in CALL_STATUS_ORDER else None,
        direction=info.direction,
        from_number=info.from_number,
        to_number=info.to_number,
    )
    call = calls.tell(session, facts, ask_after=settings.retry_base_seconds)
    if call.deleted_at is None and call.call_status not in FINAL_CALL_STATUSES:
        _expect_end(session, call)


def _expect_end(session: Session, call: CallLog) -> None:
    """Should all news of the call be lost, the phone company is asked."""
    settings = house().settings
    modes = {"auto": RecordingMode.CALL_RECORD, "off": RecordingMode.OFF}
    call.recording_mode = call.recording_mode or modes.get(settings.recording_start)
    if settings.recording_start != "off":
        tasks.open_task(session, call, Stage.RECORDING, due_in=settings.stuck_seconds)


def _placed_before(who: Reader, key: str, number: str) -> str:
    """Somebody was quicker with the key: the call of that one, as soon as the phone company has said its name."""
    for look in range(LOOKS):
        with desk.left():
            time.sleep(LOOK_EVERY_SECONDS if look else 0)
        with house().database.transaction() as session:
            call_sid = placed_calls.call_of(session, who.id, key)
            if call_sid is None:
                continue
            if loader.load_call(session, who, call_sid).to_number != number:
                raise NotDialled(409, "key_reused", gettext("The key belongs to a call to another number."))
            return call_sid
    raise NotDialled(
        409,
        "being_placed",
        gettext("This call was asked for already. Look whether it is in the list before you call again."),
    )


def _told(error: ProviderError) -> NotDialled:
    if isinstance(error, NotPlaced):
        return NotDialled(422, error.reason, reasons.told(str(error)))
    if isinstance(error, PerhapsPlaced):
        message = gettext(
            "The phone company's answer was lost. The call may ring all the same: look at the list first."
        )
        return NotDialled(502, "perhaps_placed", message)
    status = 503 if isinstance(error, Unavailable) and error.reason != "credentials" else 502
    return NotDialled(status, error.reason, reasons.told(str(error)))
