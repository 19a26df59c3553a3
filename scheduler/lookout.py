"""Looks whether anybody sweeps: without the maintenance worker nothing else would tell operators that it is gone."""

import logging
import time
from functools import partial

from conf.logs import log_event
from db import alerts as rows
from db import sweep_runs
from db.alerts import Cause
from db.engine import OUTAGES, Database
from providers.alerts import Alerts

log = logging.getLogger(__name__)

NAME = "maintenance_silent"
MESSAGE = (
    "No sweep has run for {seconds:.0f} s: calls that meet an accident are not put right, and no other alert is sent."
    " See whether the worker of the queue maintenance runs."
)


class Lookout:
    """What was silent before we began may have been down with us: it gets as long again."""

    def __init__(self, database: Database, alerts: Alerts, *, sweep_seconds: float) -> None:
        self._database, self._alerts = database, alerts
        self._longest = sweep_runs.LATE_AFTER_INTERVALS * sweep_seconds
        self._began = time.monotonic()

    def look(self) -> None:
        """Tell operators, once, and once when it is over; without PostgreSQL the next look does it."""
        try:
            self._look()
        except OUTAGES as error:
            log_event(log, logging.WARNING, "LOOKOUT_POSTPONED", reason="db_error", type=type(error).__name__)

    def _look(self) -> None:
        with self._database.transaction() as session:
            rows.note(session, NAME, self._causes(sweep_runs.silence(session)))
        self._alerts.tell(rows.untold(self._database, self._alerts.listeners), partial(rows.told, self._database))

    def _causes(self, silence: float | None) -> list[Cause]:
        watched = time.monotonic() - self._began
        seconds = watched if silence is None else min(watched, silence)
        return [Cause(NAME, MESSAGE.format(seconds=seconds))] if seconds > self._longest else []
