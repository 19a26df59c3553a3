"""Sweeps; takes no calls."""

import sys

from conf.settings import Settings
from db.engine import Database
from jobs import alerts, deletions, reconcile, sweeps
from jobs.conditions import Limits
from jobs.crews.phone import open_telephony
from jobs.upkeep import Upkeep
from providers.alerts import open_alerts
from providers.storage import open_storage

SWEEPS = (sweeps, reconcile, deletions, alerts)
"""RQ imports them by name when they are due; one that can't be imported is to stop the process at its start."""


def trade(settings: Settings, database: Database) -> Upkeep:
    """Needs the storage, the phone company where an account is configured, and services for alerts where there are."""
    try:
        services = open_alerts(settings.alert_urls)
    except ValueError as error:
        sys.exit(str(error))
    return Upkeep(
        telephony=open_telephony(settings) if settings.has_twilio else None,
        storage=open_storage(settings.storage_url),
        adopt_days=settings.adopt_days,
        stuck=settings.stuck_seconds,
        sweep=settings.sweep_seconds,
        limits=Limits(sweep=settings.sweep_seconds, stuck=settings.stuck_seconds),
        alerts=services,
    )
