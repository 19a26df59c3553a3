"""Fetches recordings."""

from conf.settings import Settings
from db.engine import Database
from jobs.crews.phone import open_telephony
from jobs.download import Download
from jobs.pace import pace_of
from jobs.pipeline import Trade
from providers.storage import open_storage


def trade(settings: Settings, database: Database) -> Trade:
    """Needs the phone company and the storage."""
    return Download(open_telephony(settings), open_storage(settings.storage_url), database, pace_of(settings))
