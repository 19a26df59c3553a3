"""A call that a reader deletes, on a page or through the API."""

import logging
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from conf.logs import log_event
from db import clock, deletions
from web import loader
from web.auth import reader
from web.house import house

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deletion:
    """What is told of it, before all of the call is gone."""

    call_sid: str
    deleted_at: datetime
    message: str


def request_deletion(call_sid: str) -> Deletion:
    """Have it gone at once; the sweep erases it. 403 and 404 as for everything a reader may not change or see."""
    who = reader()
    with house().database.transaction() as session:
        call = loader.load_call(session, who, call_sid, lock=True)
        freed = deletions.request(session, call)
        at = clock.now(session)
    log_event(
        log,
        logging.INFO,
        "DELETION_REQUESTED",
        call_sid=call.call_sid,
        business_id=call.business_id,
        said_by=f"user:{who.id}",
    )
    for stage in freed:
        house().admit(stage, call)  # the next calls of its lines
    return Deletion(call_sid, at, _told())


def _told() -> str:
    if house().settings.has_twilio:
        return gettext("The call is deleted. Its recording, its texts and its numbers are being erased.")
    return gettext(
        "The call is deleted. The phone company's copy of its recording can't be deleted yet, since no account is set"
        " up; it is tried again until it is gone."
    )
