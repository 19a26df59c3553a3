"""Starts recordings."""

from conf.settings import Settings, public_address
from db.engine import Database
from jobs.crews.phone import open_telephony
from jobs.pace import pace_of
from jobs.pipeline import Trade
from jobs.record import Record
from providers.telephony import TwiML


def trade(settings: Settings, database: Database) -> Trade:
    """Needs the phone company and our public address."""
    return Record(
        open_telephony(settings),
        database,
        pace_of(settings),
        on_the_line=settings.stuck_seconds,
        callback=TwiML(public_address(settings), None).recording_callback(),
        may_start=settings.recording_start in ("auto", "api"),
    )
