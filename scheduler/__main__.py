"""Keeps the timetable: `python -m scheduler`."""

import sys

from conf import logs, settings
from conf.settings import Settings
from db import startup
from db.engine import Database, connect
from jobs import marks, redis
from providers.alerts import open_alerts
from scheduler.lookout import Lookout
from scheduler.reconcile import TimetableScheduler
from scheduler.timetable import timetable

LOOKS_A_SWEEP = 4
SHORTEST_LOOK_SECONDS = 1
STATEMENT_SECONDS = 2


def main() -> None:
    """Enqueue what is due, until told to stop."""
    config = settings.load()
    logs.configure(config.log_level)
    lookout = make_lookout(config)
    startup.prepare_schema(config)
    gap = marks.gap_of(config.frozen_seconds)
    TimetableScheduler(
        timetable(config.sweep_seconds),
        connection=redis.patient(config),
        interval=max(SHORTEST_LOOK_SECONDS, min(config.sweep_seconds / LOOKS_A_SWEEP, gap)),
        lookout=lookout,
    ).run()


def make_lookout(config: Settings) -> Lookout:
    """Looks whether anybody sweeps; stops the process when ALERT_URLS is wrong."""
    url = settings.require_database_url(config)
    engine = connect(url, statement_seconds=STATEMENT_SECONDS, application="scheduler")
    database = Database(engine, patience_seconds=STATEMENT_SECONDS)
    try:
        return Lookout(database, open_alerts(config.alert_urls), sweep_seconds=config.sweep_seconds)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
