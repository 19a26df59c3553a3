"""What the web process has, and how a view reaches it."""

import logging
from dataclasses import dataclass
from typing import cast

from flask import current_app

from conf.logs import log_event
from conf.settings import Settings
from db.engine import OUTAGES, Database
from db.models import CallLog
from db.words import Stage
from jobs.queues import Queues
from providers.storage import Storage
from providers.telephony import Telephony, TwiML

log = logging.getLogger(__name__)

KEY = "second_zero"


@dataclass(frozen=True)
class House:
    """Made once by the entry point; views only use it."""

    settings: Settings
    database: Database
    queues: Queues
    storage: Storage
    twiml: TwiML
    telephony: Telephony | None = None
    """None while no account is configured: then no calls are placed."""

    def admit(self, stage: Stage, call: CallLog) -> None:
        """Have the call's line enqueued, after the commit and as best effort: the sweep enqueues what is missing."""
        try:
            self.queues.admit(stage, call.business_id)
        except OUTAGES as error:
            log_event(log, logging.WARNING, "ENQUEUE_FAILED", call_sid=call.call_sid, reason=type(error).__name__)


def house() -> House:
    """The house this request is served in."""
    return cast(House, current_app.extensions[KEY])
