"""How work is held: a claim on an open stage, with a number that is never used twice and a lease that runs out.

Lock order everywhere: line (a business's stage), call_log, task. Locking, looking and taking are separate
statements, since a statement's snapshot is older than the lock it waits for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db import stages
from db.models import FENCE, CallLog, Task
from db.tasks import NO_BUSINESS, seconds
from db.words import DownloadStatus, Stage

LINES = {Stage.DOWNLOAD: 41, Stage.TRANSCRIPT: 42, Stage.SUMMARY: 43}
"""The stages with slots, and the first half of their advisory locks' keys; the second is the business.

Starting a recording takes no slot: seconds matter, and it is one request.
"""

SWEEP_BATCH = 100


Draft = dict[str, Any]
"""What has been found before the work is whole; the next attempt may go on from it."""


class ClaimLost(Exception):
    """Another worker, or a sweep, has taken the stage over: write nothing."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to settle one stage of one call, until its lease is over."""

    call_id: int
    call_sid: str
    business_id: int
    stage: Stage
    number: int
    attempts: int


@dataclass(frozen=True)
class Terms:
    """What an operator set: slots a business has in a stage, a lease's seconds, attempts a stage has."""

    slots: int
    lease: float
    attempts: int


def claim(session: Session, stage: Stage, call_sid: str, worker: str, terms: Terms) -> Claim | None:
    """Take the stage, or learn that it is not to be had: not open, not due, taken, or no slot free."""
    waiting = session.execute(
        select(Task.call_id, Task.business_id)
        .join(CallLog, CallLog.id == Task.call_id)
        .where(CallLog.call_sid == call_sid, Task.stage == stage)
    ).one_or_none()
    if waiting is None:
        return None
    if not _has_free_slot(session, stage, waiting.business_id, terms.slots):
        session.execute(update(Task).where(_is(waiting.call_id, stage), Task.claim.is_(None)).values(enqueued_at=None))
        return None
    return _take(session, stage, waiting.call_id, waiting.business_id, worker, terms)


def _has_free_slot(session: Session, stage: Stage, business_id: int, slots: int) -> bool:
    if stage not in LINES:
        return True
    _lock_line(session, stage, business_id)
    held = select(func.count()).where(Task.business_id == business_id, Task.stage == stage, Task.claim.is_not(None))
    return (session.scalar(held) or 0) < slots


def _take(session: Session, stage: Stage, call_id: int, business_id: int, worker: str, terms: Terms) -> Claim | None:
    call = _lock_call(session, call_id)
    taken = session.execute(
        update(Task)
        .where(
            _is(call_id, stage),
            Task.business_id == business_id,  # it may have changed lines since its slots were counted
            Task.claim.is_(None),
            Task.due_at <= func.clock_timestamp(),
            Task.attempts < terms.attempts,
        )
        .values(
            claim=FENCE.next_value(),
            attempts=Task.attempts + 1,
            worker=worker,
            lease_until=func.clock_timestamp() + seconds(terms.lease),
            progress=0,
        )
        .returning(Task.claim, Task.attempts, Task.business_id)
    ).one_or_none()
    if taken is None:
        return None
    stages.mark_claimed(call, stage)
    return Claim(call_id, str(call.call_sid), taken.business_id, stage, taken.claim, taken.attempts)


def renew(session: Session, held: Claim, lease: float, progress: int | None, draft: Draft | None = None) -> None:
    """Hold on for another lease, and show how far the work is; ClaimLost when it is too late."""
    shown = {"progress": progress} | ({} if draft is None else {"draft": draft})
    renewed = session.scalar(
        update(Task)
        .where(_is(held.call_id, held.stage), Task.claim == held.number)
        .values(lease_until=func.clock_timestamp() + seconds(lease), **shown)
        .returning(Task.claim)
    )
    if renewed is None:
        raise ClaimLost


def own(session: Session, held: Claim) -> CallLog:
    """The locked call, for the one who holds the claim; ClaimLost for anybody else."""
    call = _lock_call(session, held.call_id)
    mine = select(Task.claim).where(_is(held.call_id, held.stage), Task.claim == held.number)
    if session.scalar(mine) is None:
        raise ClaimLost
    return call


def release(session: Session, call: CallLog, held: Claim, *, delay: float, refund: bool) -> None:
    """End an owned claim and leave the stage open, due in `delay` seconds; a refund gives the attempt back."""
    stages.mark_open(call, held.stage)
    if held.stage is Stage.DOWNLOAD and delay:
        call.recording_next_retry_at = func.timezone("utc", func.clock_timestamp() + seconds(delay))
    session.execute(
        update(Task)
        .where(_is(held.call_id, held.stage))
        .values(
            claim=None,
            lease_until=None,
            worker=None,
            enqueued_at=None,
            progress=None,
            business_id=call.business_id or NO_BUSINESS,  # it may have found its business since it was claimed
            attempts=Task.attempts - 1 if refund else Task.attempts,
            due_at=func.clock_timestamp() + seconds(delay),
        )
    )


def admit(session: Session, stage: Stage, business_id: int, slots: int) -> Sequence[str]:
    """Mark the oldest due calls of a line as queued, up to its free slots; the caller enqueues their jobs."""
    if stage in LINES:
        _lock_line(session, stage, business_id)
    busy = select(func.count()).where(
        Task.business_id == business_id,
        Task.stage == stage,
        or_(Task.claim.is_not(None), Task.enqueued_at.is_not(None)),
    )
    free = slots - (session.scalar(busy) or 0) if stage in LINES else SWEEP_BATCH
    due = session.scalars(
        select(Task.call_id)
        .where(Task.business_id == business_id, Task.stage == stage, _is_due())
        .order_by(Task.due_at, Task.call_id)
        .limit(max(0, free))
    ).all()
    if not due:
        return []
    found = {call.id: call for call in _lock_calls(session, due)}
    admitted = [found[call_id] for call_id in due if _enqueue(session, call_id, stage)]
    if stage is Stage.DOWNLOAD:
        for call in admitted:
            call.recording_download_status = DownloadStatus.QUEUED
            call.recording_last_enqueue_at = func.timezone("utc", func.clock_timestamp())
    return [str(call.call_sid) for call in admitted]


def _enqueue(session: Session, call_id: int, stage: Stage) -> bool:
    marked = update(Task).where(_is(call_id, stage), _is_due()).values(enqueued_at=func.clock_timestamp())
    return session.scalar(marked.returning(Task.call_id)) is not None


def lines_with_due_calls(session: Session, cooldown: float) -> Sequence[tuple[Stage, int]]:
    """Every (stage, business) that has calls to admit. Jobs enqueued longer ago than `cooldown` are taken for lost."""
    session.execute(
        update(Task)
        .where(Task.claim.is_(None), Task.enqueued_at < func.clock_timestamp() - seconds(cooldown))
        .values(enqueued_at=None)
    )
    found = session.execute(select(Task.stage, Task.business_id).where(_is_due()).distinct())
    return [(Stage(stage), business_id) for stage, business_id in found]


def expired(session: Session) -> Sequence[Claim]:
    """Claims whose lease is over; their calls stay locked until the transaction ends."""
    rows = session.execute(
        select(CallLog.call_sid, Task)
        .join(Task, Task.call_id == CallLog.id)
        .where(Task.claim.is_not(None), Task.lease_until < func.clock_timestamp())
        .limit(SWEEP_BATCH)
        .with_for_update(of=CallLog, skip_locked=True)
    ).all()
    return [
        Claim(task.call_id, str(sid), task.business_id, Stage(task.stage), task.claim, task.attempts)
        for sid, task in rows
        if task.claim is not None
    ]


def is_claimed(session: Session, stage: Stage, call_sid: str) -> bool:
    """Whether somebody is at work on the stage."""
    held = (
        select(Task.claim)
        .join(CallLog, CallLog.id == Task.call_id)
        .where(CallLog.call_sid == call_sid, Task.stage == stage, Task.claim.is_not(None))
    )
    return session.scalar(held) is not None


def is_expired(session: Session, held: Claim, *, ago: float = 0) -> bool:
    """Whether that claim's lease is still over, and was `ago` seconds ago, asked under the call's lock."""
    moment = func.clock_timestamp() - seconds(ago)
    over = select(Task.call_id).where(
        _is(held.call_id, held.stage), Task.claim == held.number, Task.lease_until < moment
    )
    return session.scalar(over) is not None


def _is(call_id: int, stage: Stage) -> ColumnElement[bool]:
    return (Task.call_id == call_id) & (Task.stage == stage)


def _is_due() -> ColumnElement[bool]:
    return Task.claim.is_(None) & Task.enqueued_at.is_(None) & (Task.due_at <= func.clock_timestamp())


def _lock_line(session: Session, stage: Stage, business_id: int) -> None:
    session.execute(
        text("SELECT pg_advisory_xact_lock(:line, :business)"), {"line": LINES[stage], "business": business_id}
    )


def _lock_calls(session: Session, call_ids: Sequence[int]) -> Sequence[CallLog]:
    """In the order of their ids, so that two who lock the same calls do not wait for each other."""
    return session.scalars(
        select(CallLog)
        .where(CallLog.id.in_(call_ids))
        .order_by(CallLog.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _lock_call(session: Session, call_id: int) -> CallLog:
    return session.scalars(
        select(CallLog).where(CallLog.id == call_id).with_for_update().execution_options(populate_existing=True)
    ).one()
