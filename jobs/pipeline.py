"""One way through every stage: claim, work, settle, let the next one in.

claim ── work ──┬─ Settle ────── result and status in one guarded commit, the next stage opens;
                │                or Later: nothing wrong, but not finished
                ├─ Unavailable ─ again with backoff, or given up when the attempts are used up
                └─ Rejected ──── failed for good, with a reason

PostgreSQL may be away at any of these steps. What was found out is kept until it can be written.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.orm import Session

from conf.logs import log_event
from db import claims, stages, tasks
from db.claims import LINES, Claim, ClaimLost, Terms
from db.engine import OUTAGES, Database
from db.models import CallLog
from db.words import Outcome, Stage
from jobs.keeper import Held, Keeper
from jobs.pace import Pace
from jobs.queues import JOB_TYPE, Queues
from providers.errors import OurOutage, ProviderError, Rejected, Unavailable

if TYPE_CHECKING:  # it knows the phone company and the storage, which a host that transcribes need not have
    from jobs.upkeep import Upkeep

log = logging.getLogger(__name__)

Written = TypeVar("Written")

WRITE_AGAIN_SECONDS = 1.0
"""A result waits for PostgreSQL; asking more often would not bring it back sooner."""


@dataclass(frozen=True)
class Later:
    """Not finished, and nothing is wrong: look again in `delay` seconds. Costs no attempt."""

    delay: float


Settle = Callable[[Session, CallLog], Later | None]
"""Writes what the work found out, while the call is locked and the claim is known to be ours."""


class Trade(ABC):
    """What a worker of one stage knows how to do."""

    stage: Stage
    longest: float
    """Seconds after which its work on one call is taken to hang, and the process is ended."""

    @abstractmethod
    def work(self, held: Held) -> Settle:
        """Do it; the result is written by the returned function, in the transaction that settles the claim."""

    def disown(self, claim: Claim) -> None:  # noqa: B027 - most trades leave nothing behind
        """The claim was lost: remove what its work has left outside the database."""

    def warm_up(self) -> None:  # noqa: B027 - most trades need nothing
        """Make ready what takes long, before the first call."""


@dataclass(frozen=True)
class Crew:
    """A worker process: its trade, and what it needs to practise it."""

    name: str
    trade: "Trade | Upkeep"
    database: Database
    queues: Queues
    keeper: Keeper
    terms: Terms
    pace: Pace
    cooldown: float
    """Seconds after which a job that was enqueued and never picked up is taken for lost."""

    def disown(self, claim: Claim) -> None:
        """The claim was lost."""
        if isinstance(self.trade, Trade):
            self.trade.disown(claim)


ON_DUTY: ContextVar[Crew] = ContextVar("on_duty")
"""Set once by the worker process; RQ calls `work` with nothing but a call's identifier."""


def work(call_sid: str) -> None:
    """The job: the stage of this worker's queue, for one call."""
    crew = ON_DUTY.get()
    if not isinstance(crew.trade, Trade):
        raise LookupError("this worker takes no calls")
    try:
        _work(crew, crew.trade, call_sid)
    except OUTAGES as error:
        _log_outage(call_sid, error)  # the sweeps see to the rest


def _work(crew: Crew, trade: Trade, call_sid: str) -> None:
    """Once; or again in the same job, where the call is due again at once: its id keeps another job out."""
    held = _claim(crew, trade, call_sid)
    while held:
        reason = _hold(crew, trade, held)
        again = _claim(crew, trade, call_sid) if reason == "retry" else None
        if reason:
            _let_in(crew, held)
        held = again


def _hold(crew: Crew, trade: Trade, held: Claim) -> str | None:
    """What came of a claim, in a word for the log; None when it was lost."""
    try:
        reason = _attempt(crew, trade, held)
    except ClaimLost:
        # A look at a recording loses to the callback it looks for, and that is well.
        level = logging.DEBUG if held.stage is Stage.RECORDING else logging.WARNING
        log_event(log, level, "CLAIM_LOST", call_sid=held.call_sid, stage=held.stage)
        crew.disown(held)
        return None
    if held.stage in LINES:
        who = {"call_sid": held.call_sid, "business_id": held.business_id}
        log_event(log, logging.INFO, "WORKER_RELEASE_SLOT", **who, reason=reason)
    return reason


def _claim(crew: Crew, trade: Trade, call_sid: str) -> Claim | None:
    with crew.database.transaction() as session:
        held = claims.claim(session, trade.stage, call_sid, crew.name, crew.terms)
    if held:
        who = {"call_sid": call_sid, "business_id": held.business_id}
        log_event(log, logging.INFO, "WORKER_PICKED", job_type=JOB_TYPE[held.stage], **who)
        if held.stage in LINES:
            log_event(log, logging.INFO, "WORKER_SLOT_ACQUIRED", **who)
    return held


def _attempt(crew: Crew, trade: Trade, claim: Claim) -> str:
    """Work and write what came of it; the word for the log."""
    try:
        with crew.keeper.hold(claim, trade.longest) as held:
            settle = trade.work(held)
        return _write(crew, claim, partial(_conclude, claim, settle))
    except Unavailable as error:
        return _again_or_give_up(crew, claim, error)
    except Rejected as error:
        return _fail(crew, claim, Outcome(error.outcome), error)
    except ClaimLost:
        raise
    except OUTAGES as error:
        return _again_or_give_up(crew, claim, OurOutage("db_error", f"PostgreSQL went away ({type(error).__name__})."))
    except Exception as error:
        log.exception("%s failed on %s", claim.stage, claim.call_sid)
        return _again_or_give_up(crew, claim, Unavailable("bug", f"An error of ours: {type(error).__name__}."))


def _write(crew: Crew, claim: Claim, write: Callable[[Session, CallLog], Written]) -> Written:
    """Commit what became of an owned claim, however long PostgreSQL is away: an hour's work is not thrown away."""
    while True:
        try:
            with crew.database.transaction() as session:
                return write(session, claims.own(session, claim))
        except OUTAGES as error:
            if crew.keeper.is_stopping():
                raise
            _log_outage(claim.call_sid, error)
        time.sleep(WRITE_AGAIN_SECONDS)


def _conclude(claim: Claim, settle: Settle, session: Session, call: CallLog) -> str:
    later = settle(session, call)
    if later:
        claims.release(session, call, claim, delay=later.delay, refund=True)
        return "retry"
    tasks.close_task(session, call, claim.stage)
    return "success"


def _again_or_give_up(crew: Crew, claim: Claim, error: Unavailable) -> str:
    if error.counts and claim.attempts >= crew.terms.attempts:
        return _fail(crew, claim, Outcome.GAVE_UP, error)
    delay = max(error.retry_after or 0, crew.pace.after_failure(claim.attempts))
    _write(crew, claim, partial(_postpone, crew.name, claim, error, delay))
    _log_failure(claim, error, logging.WARNING)
    return "retry"


def _postpone(said_by: str, claim: Claim, error: Unavailable, delay: float, session: Session, call: CallLog) -> None:
    claims.release(session, call, claim, delay=delay, refund=not error.counts)
    if error.counts:
        stages.wait(session, call, claim.stage, str(error), said_by=said_by, delay=delay)
    elif isinstance(error, OurOutage):
        stages.blame_ourselves(call, claim.stage, str(error))


def _fail(crew: Crew, claim: Claim, outcome: Outcome, error: ProviderError) -> str:
    def write(session: Session, call: CallLog) -> None:
        tasks.close_task(session, call, claim.stage)
        stages.fail(session, call, claim.stage, outcome, str(error), said_by=crew.name)

    _write(crew, claim, write)
    _log_failure(claim, error, logging.ERROR)
    return "failed"


def _log_failure(claim: Claim, error: ProviderError, level: int) -> None:
    log_event(log, level, "WORKER_JOB_FAILED", call_sid=claim.call_sid, reason=error.reason, type=type(error).__name__)


def _log_outage(call_sid: str, error: Exception) -> None:
    kind = type(error).__name__
    log_event(log, logging.WARNING, "WORKER_JOB_FAILED", call_sid=call_sid, reason="db_error", type=kind)


def _let_in(crew: Crew, claim: Claim) -> None:
    """A slot is free: the next call of the line; and this call's next stage, if one has opened."""
    try:
        with crew.database.transaction() as session:
            call = session.get(CallLog, claim.call_id)
            opened = tasks.open_stages(session, call).values() if call else ()
        lines = {(claim.stage, claim.business_id)} | {(Stage(task.stage), task.business_id) for task in opened}
        for stage, business_id in lines:
            crew.queues.admit(stage, business_id)
    except OUTAGES as error:
        _log_outage(claim.call_sid, error)  # the sweep lets them in
