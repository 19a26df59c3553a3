"""Fetches recordings."""

from conf.settings import Settings
from db.engine import Database
from jobs.crews.phone import open_telephony
from jobs.download import Download
from jobs.pipeline import Pace, Trade
from providers.storage import open_storage


def trade(settings: Settings, database: Database) -> Trade:
    """Needs the phone company and the storage."""
    pace = Pace(base=settings.retry_base_seconds, longest=settings.retry_max_seconds)
    return Download(open_telephony(settings), open_storage(settings.storage_url), database, pace)
