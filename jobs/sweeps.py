"""Puts right what was interrupted. Each sweep is harmless when doubled, late or missing."""

import logging

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import claims, stages, tasks
from db.claims import Claim
from db.models import SweepRun
from db.words import Outcome
from jobs.pipeline import ON_DUTY, Crew

log = logging.getLogger(__name__)

SAID_BY = "sweep"
INTERRUPTED = "The worker stopped in the middle of it."


def leases() -> None:
    """Claims whose lease is over go back in line, or are given up when their attempts are used up."""
    crew = ON_DUTY.get()
    with crew.database.transaction() as session:
        found = claims.expired(session)
        given_up = sum(_free(session, held, crew) for held in found if claims.is_expired(session, held))
        _note_run(session, "leases")
    if found:
        log_event(log, logging.INFO, "SWEEP_DONE", requeued=len(found) - given_up, given_up=given_up, repaired=0)
    for stage, business_id in {(held.stage, held.business_id) for held in found}:
        crew.queues.admit(stage, business_id)


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
        _note_run(session, "due")
    for stage, business_id in lines:
        crew.queues.admit(stage, business_id)


def _note_run(session: Session, name: str) -> None:
    row = insert(SweepRun).values(name=name)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"ran_at": func.now()}))
