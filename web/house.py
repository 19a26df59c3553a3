"""What the web process has, and how a view reaches it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from conf.settings import Settings
from db.engine import Database
from jobs.queues import Queues
from providers.storage import Storage
from providers.telephony import TwiML

KEY = "second_zero"


@dataclass(frozen=True)
class House:
    """Made once by the entry point; views only use it."""

    settings: Settings
    database: Database
    queues: Queues
    storage: Storage
    twiml: TwiML


def house() -> House:
    """The house this request is served in."""
    return cast(House, current_app.extensions[KEY])
