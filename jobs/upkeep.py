"""What the maintenance worker has besides what every worker has, and what all its sweeps have in common."""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps

from conf.logs import log_event
from db import sweep_runs
from db.engine import OUTAGES
from db.words import Stage
from jobs.conditions import Limits
from jobs.pipeline import ON_DUTY, Crew
from providers.alerts import Alerts
from providers.errors import ProviderError
from providers.storage import Storage
from providers.telephony import Telephony

log = logging.getLogger(__name__)

NAMES = {"recordings_there": "recordings"}
"""Under which a sweep is noted, where its function has another one."""


@dataclass(frozen=True)
class Upkeep:
    """Stands where other workers have their trade: maintenance takes no calls. Times in seconds."""

    telephony: Telephony | None
    """None while no account is configured."""
    storage: Storage
    adopt_days: float
    stuck: float
    sweep: float
    limits: Limits = field(default_factory=Limits)
    alerts: Alerts = field(default_factory=lambda: Alerts({}))


def sweep(run: Callable[[Crew, Upkeep], None]) -> Callable[[], None]:
    """Make a job of it: one that comes at the wrong moment leaves its work to the next, and a note why."""
    name = NAMES.get(run.__name__, run.__name__)

    @wraps(run)
    def tick() -> None:
        crew = ON_DUTY.get()
        if not isinstance(crew.trade, Upkeep):
            raise LookupError("this worker takes calls: sweeps are for maintenance")
        try:
            run(crew, crew.trade)
        except ProviderError as error:
            log_event(log, logging.WARNING, "SWEEP_POSTPONED", sweep=run.__name__, reason=error.reason)
            with suppress(*OUTAGES), crew.database.transaction() as session:
                sweep_runs.note_postponed(session, name, error.reason)
        except OUTAGES as error:
            kind = type(error).__name__
            log_event(log, logging.WARNING, "SWEEP_POSTPONED", sweep=run.__name__, reason="db_error", type=kind)

    return tick


def admit(crew: Crew, lines: Iterable[tuple[Stage, int | None]]) -> None:
    """Fill the free slots of every line in which something has changed."""
    for stage, business_id in lines:
        crew.queues.admit(stage, business_id)


def log_work(*, requeued: int = 0, given_up: int = 0, repaired: int = 0) -> None:
    """One line for a sweep that found something, none for the others."""
    if requeued or given_up or repaired:
        log_event(log, logging.INFO, "SWEEP_DONE", requeued=requeued, given_up=given_up, repaired=repaired)
