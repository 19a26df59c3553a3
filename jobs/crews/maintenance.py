"""Sweeps; takes no calls."""

from conf.settings import Settings
from db.engine import Database
from jobs import deletions, reconcile, sweeps
from jobs.crews.phone import open_telephony
from jobs.upkeep import Upkeep
from providers.storage import open_storage

SWEEPS = (sweeps, reconcile, deletions)
"""RQ imports them by name when they are due; one that can't be imported is to stop the process at its start."""


def trade(settings: Settings, database: Database) -> Upkeep:
    """Needs the storage, and the phone company where an account is configured."""
    return Upkeep(
        telephony=open_telephony(settings) if settings.has_twilio else None,
        storage=open_storage(settings.storage_url),
        adopt_days=settings.adopt_days,
        stuck=settings.stuck_seconds,
        sweep=settings.sweep_seconds,
    )
