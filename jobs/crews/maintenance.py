"""Sweeps; takes no calls."""

from conf.settings import Settings
from db.engine import Database


def trade(settings: Settings, database: Database) -> None:
    """Needs nothing but the database."""
