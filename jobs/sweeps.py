"""Puts right what was interrupted. Each sweep is harmless when doubled, late or missing."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.orm import Session

from conf.logs import log_event
from db import claims, deliveries, forgotten, stages, sweep_runs, tasks, users
from db.claims import Claim
from db.words import Outcome, Stage
from jobs.pipeline import ON_DUTY, Crew
from jobs.upkeep import Upkeep

log = logging.getLogger(__name__)

SAID_BY = "sweep"
INTERRUPTED = "The worker stopped in the middle of it."

SHORTEST_GAP_SECONDS = 3
"""On a busy machine a sweep may be so late though nothing is down."""

KEEP_DELIVERIES = timedelta(days=7)
"""The phone company repeats an event within seconds."""

KEEP_SESSIONS = timedelta(days=14)
"""As long as a browser keeps its cookie."""


def leases() -> None:
    """Claims whose lease is over go back in line, or are given up when their attempts are used up.

    Not before PostgreSQL and this sweep have served a whole lease without a gap: workers could not renew in it.
    """
    crew = ON_DUTY.get()
    found: list[Claim] = []
    given_up = 0
    with crew.database.transaction() as session:
        served = sweep_runs.note(session, "leases", gap=_gap(crew))
        if served >= crew.terms.lease:
            found = [held for held in claims.expired(session) if claims.is_expired(session, held)]
            given_up = sum(_free(session, held, crew) for held in found)
    _log_work(requeued=len(found) - given_up, given_up=given_up)
    _admit(crew, {(held.stage, held.business_id) for held in found})


def _gap(crew: Crew) -> float:
    """A pause in which leases could have ended: they are renewed when a third of them, or less, is over."""
    return max(_upkeep(crew).sweep, crew.terms.lease / 2, SHORTEST_GAP_SECONDS)


def _free(session: Session, held: Claim, crew: Crew) -> bool:
    """Whether the call was given up."""
    call = claims.own(session, held)
    if held.attempts < crew.terms.attempts:
        claims.release(session, call, held, delay=0, refund=False)
        stages.note_interruption(session, call, held.stage, INTERRUPTED, said_by=SAID_BY)
        return False
    tasks.close_task(session, call, held.stage)
    stages.fail(session, call, held.stage, Outcome.GAVE_UP, INTERRUPTED, said_by=SAID_BY)
    return True


def due() -> None:
    """Every line that has calls to do gets its free slots filled, also when Redis has forgotten its jobs."""
    crew = ON_DUTY.get()
    with crew.database.transaction() as session:
        lines = claims.lines_with_due_calls(session, crew.cooldown)
        sweep_runs.note(session, "due")
    _admit(crew, lines)


def unlisted() -> None:
    """Calls that are not finished and in nobody's line get back into one."""
    crew = ON_DUTY.get()
    upkeep = _upkeep(crew)
    with crew.database.transaction() as session:
        found = forgotten.find(session, youngest=upkeep.stuck, oldest=timedelta(days=upkeep.adopt_days))
        opened = [(stage, call.business_id) for call in found if (stage := forgotten.put_in_line(session, call))]
        sweep_runs.note(session, "unlisted", repaired=len(opened))
    _log_work(repaired=len(opened))
    _admit(crew, {(stage, business_id or tasks.NO_BUSINESS) for stage, business_id in opened})


def leftovers() -> None:
    """What killed workers and passed days have left behind: part files, old tokens of deliveries and sessions."""
    crew = ON_DUTY.get()
    removed = _upkeep(crew).storage.sweep_parts(crew.terms.lease)
    with crew.database.transaction() as session:
        deliveries.forget(session, older_than=KEEP_DELIVERIES)
        users.forget_sessions(session, older_than=KEEP_SESSIONS)
        sweep_runs.note(session, "leftovers")
    _log_work(repaired=removed)


def _upkeep(crew: Crew) -> Upkeep:
    if not isinstance(crew.trade, Upkeep):
        raise LookupError("this worker takes calls: sweeps are for maintenance")
    return crew.trade


def _admit(crew: Crew, lines: Iterable[tuple[Stage, int]]) -> None:
    for stage, business_id in lines:
        crew.queues.admit(stage, business_id)


def _log_work(*, requeued: int = 0, given_up: int = 0, repaired: int = 0) -> None:
    if requeued or given_up or repaired:
        log_event(log, logging.INFO, "SWEEP_DONE", requeued=requeued, given_up=given_up, repaired=repaired)
