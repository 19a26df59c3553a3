"""Puts right what was interrupted. Each sweep is harmless when doubled, late or missing."""

import time
from datetime import timedelta

from sqlalchemy.orm import Session

from db import claims, deliveries, forgotten, placed_calls, search, stages, sweep_runs, tasks, users
from db.claims import Claim
from db.sweep_runs import SAID_BY
from db.words import Outcome
from jobs.pipeline import Crew
from jobs.upkeep import Upkeep, admit, log_work, sweep

INTERRUPTED = "The worker stopped in the middle of it."

SHORTEST_GAP_SECONDS = 3
"""On a busy machine a sweep may be so late though nothing is down."""

READ_AT_ONCE = 100
"""Calls whose documents are written in one transaction: a fifth of a second or so."""

READING_SECONDS = 5
"""Of a sweep: the others wait behind it."""

KEEP_DELIVERIES = timedelta(days=7)
"""The phone company repeats an event within seconds, and who asks for a call again does so within minutes."""


@sweep
def leases(crew: Crew, upkeep: Upkeep) -> None:
    """Claims whose lease is over go back in line, or are given up when their attempts are used up.

    Not before PostgreSQL and this sweep have served a whole lease without a gap: workers could not renew in it.
    """
    found: list[Claim] = []
    given_up = 0
    with crew.database.transaction() as session:
        served = sweep_runs.note(session, "leases", gap=_gap(crew, upkeep))
        if served >= crew.terms.lease:
            found = [held for held in claims.expired(session) if claims.is_expired(session, held)]
            given_up = sum(_free(session, held, crew, served) for held in found)
            sweep_runs.count(session, "leases", requeued=len(found) - given_up, given_up=given_up)
    log_work(requeued=len(found) - given_up, given_up=given_up)
    admit(crew, {(held.stage, held.business_id) for held in found})


def _gap(crew: Crew, upkeep: Upkeep) -> float:
    """A pause in which leases could have ended: they are renewed when a third of them, or less, is over."""
    return max(upkeep.sweep / 2, crew.terms.lease / 2, SHORTEST_GAP_SECONDS)


def _free(session: Session, held: Claim, crew: Crew, served: float) -> bool:
    """Whether the call was given up. A claim that was last renewed before an outage ended costs nothing."""
    call = claims.own(session, held)
    if claims.is_expired(session, held, ago=served - crew.terms.lease):
        claims.release(session, call, held, delay=0, refund=True)
        return False
    if held.attempts < crew.terms.attempts:
        claims.release(session, call, held, delay=0, refund=False)
        stages.note_interruption(session, call, held.stage, INTERRUPTED, said_by=SAID_BY)
        return False
    tasks.close_task(session, call, held.stage)
    stages.fail(session, call, held.stage, Outcome.GAVE_UP, INTERRUPTED, said_by=SAID_BY)
    return True


@sweep
def due(crew: Crew, upkeep: Upkeep) -> None:
    """Every line that has calls to do gets its free slots filled, also when Redis has forgotten its jobs."""
    with crew.database.transaction() as session:
        lines = claims.lines_with_due_calls(session, crew.cooldown)
        sweep_runs.note(session, "due")
    admit(crew, lines)


@sweep
def unlisted(crew: Crew, upkeep: Upkeep) -> None:
    """Calls that are not finished and in nobody's line get back into one."""
    with crew.database.transaction() as session:
        found = forgotten.find(session, youngest=upkeep.stuck, oldest=timedelta(days=upkeep.adopt_days))
        opened = [(stage, call.business_id) for call in found if (stage := forgotten.put_in_line(session, call))]
        sweep_runs.note(session, "unlisted", repaired=len(opened))
    log_work(repaired=len(opened))
    admit(crew, set(opened))


@sweep
def unread(crew: Crew, upkeep: Upkeep) -> None:
    """Calls of an old installation get what a search finds them by, the newest first, for a few seconds each time."""
    with crew.database.transaction() as session:
        search.note_the_newest(session)
    until = time.monotonic() + READING_SECONDS
    while _read_some(crew) == READ_AT_ONCE and time.monotonic() < until:
        pass


def _read_some(crew: Crew) -> int:
    with crew.database.transaction() as session:
        found = search.unread(session, READ_AT_ONCE)
        search.write(session, found)
        sweep_runs.note(session, "unread")
    return len(found)


@sweep
def leftovers(crew: Crew, upkeep: Upkeep) -> None:
    """What killed workers and passed days have left behind: part files, old tokens of deliveries, placed_calls and
    sessions."""
    with crew.database.transaction() as session:
        deliveries.forget(session, older_than=KEEP_DELIVERIES)
        placed_calls.forget(session, older_than=KEEP_DELIVERIES)
        users.forget_sessions(session)
        sweep_runs.note(session, "leftovers")
    log_work(repaired=upkeep.storage.sweep_parts(crew.terms.lease))
