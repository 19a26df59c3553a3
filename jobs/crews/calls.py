"""Starts recordings."""

from conf.settings import Settings, public_address
from db.engine import Database
from jobs.crews.phone import open_telephony
from jobs.pipeline import Trade
from jobs.record import Patience, Record
from providers.telephony import TwiML


def trade(settings: Settings, database: Database) -> Trade:
    """Needs the phone company and our public address."""
    return Record(
        open_telephony(settings),
        database,
        Patience(
            on_the_line=settings.stuck_seconds,
            hung_up=settings.retry_base_seconds,
            longest=settings.retry_max_seconds,
        ),
        callback=TwiML(public_address(settings), None).recording_callback(),
        may_start=settings.recording_start in ("auto", "api"),
    )
