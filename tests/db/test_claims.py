"""How work is held, with real processes and a real PostgreSQL."""

import multiprocessing
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import func, select, update

from conf.settings import with_driver
from db import claims, stages, tasks
from db.claims import Claim, ClaimLost, Terms
from db.engine import Database, connect
from db.models import CallLog, Task
from db.words import DownloadStatus, Outcome, Stage, TextStatus
from tests.support.calls import TERMS, get_call, get_task, make_business, make_calls, sid

RIVALS = 6
LINES, CALLS = 8, 10
"""Businesses, and calls each of them has waiting."""

FORK_FREE = multiprocessing.get_context("spawn")


def claim(database: Database, number: int, *, stage: Stage = Stage.DOWNLOAD, terms: Terms = TERMS) -> Claim | None:
    with database.transaction() as session:
        return claims.claim(session, stage, sid(number), "a worker", terms)


def must_claim(database: Database, number: int, *, stage: Stage = Stage.DOWNLOAD) -> Claim:
    held = claim(database, number, stage=stage)
    assert held
    return held


def race(url: str, place: int, barrier: Barrier) -> list[int]:
    """What one of several processes gets when all start at once: in one line with the same call, in the next each
    with another, so that they meet at the call's lock and at the line's."""
    database = Database(connect(with_driver(url), statement_seconds=10, application="rival"))
    won = []
    for line in range(LINES):
        first = place if line % 2 else 0
        numbers = [line * CALLS + (first + step) % CALLS for step in range(CALLS)]
        barrier.wait()
        won += [number for number in numbers if claim(database, number)]
    return won


def race_together(url: str) -> list[int]:
    with FORK_FREE.Manager() as shared:
        barrier = shared.Barrier(RIVALS)
        with FORK_FREE.Pool(RIVALS) as pool:
            won = pool.starmap(race, [(url, place, barrier) for place in range(RIVALS)])
    return [number for numbers_won in won for number in numbers_won]


def test_of_many_processes_one_gets_each_call_and_a_business_never_more_than_its_slots(
    database: Database, database_url: str
) -> None:
    for line in range(LINES):
        make_calls(database, Stage.DOWNLOAD, range(line * CALLS, (line + 1) * CALLS), make_business(database))

    won = race_together(database_url)

    assert len(won) == len(set(won)) == LINES * TERMS.slots
    with database.transaction() as session:
        held = select(func.count()).where(Task.claim.is_not(None)).group_by(Task.business_id)
        assert session.scalars(held).all() == [TERMS.slots] * LINES


def test_a_claim_moves_the_status_and_counts_an_attempt(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])

    held = must_claim(database, 1)

    with database.transaction() as session:
        assert held.attempts == 1
        assert get_call(session, 1).recording_download_status == DownloadStatus.DOWNLOADING


def test_a_late_worker_does_not_settle_the_next_workers_claim(database: Database) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    late = must_claim(database, 1, stage=Stage.TRANSCRIPT)
    with database.transaction() as session:
        claims.release(session, claims.own(session, late), late, delay=0, refund=False)
    must_claim(database, 1, stage=Stage.TRANSCRIPT)

    with pytest.raises(ClaimLost), database.transaction() as session:
        claims.own(session, late)
    with pytest.raises(ClaimLost), database.transaction() as session:
        claims.renew(session, late, 60, 50)


def test_claim_numbers_are_never_used_twice(database: Database) -> None:
    make_calls(database, Stage.SUMMARY, [1])
    numbers = []
    for _ in range(3):
        held = must_claim(database, 1, stage=Stage.SUMMARY)
        numbers.append(held.number)
        with database.transaction() as session:
            claims.release(session, claims.own(session, held), held, delay=0, refund=True)

    assert len(set(numbers)) == 3


def test_a_stage_that_is_not_due_is_not_claimed(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        session.execute(update(Task).values(due_at=func.now() + tasks.seconds(60)))

    assert claim(database, 1) is None


def test_attempts_run_out_and_a_refund_gives_one_back(database: Database) -> None:
    terms = Terms(slots=3, lease=60, attempts=1)
    make_calls(database, Stage.DOWNLOAD, [1])
    held = claim(database, 1, terms=terms)
    assert held
    with database.transaction() as session:
        claims.release(session, claims.own(session, held), held, delay=0, refund=True)
    held = claim(database, 1, terms=terms)
    assert held
    with database.transaction() as session:
        claims.release(session, claims.own(session, held), held, delay=0, refund=False)

    assert claim(database, 1, terms=terms) is None


def test_waiting_for_a_slot_burns_nothing(database: Database) -> None:
    business = make_business(database)
    make_calls(database, Stage.DOWNLOAD, range(4), business)
    for number in range(3):
        must_claim(database, number)

    assert claim(database, 3) is None
    with database.transaction() as session:
        waiting = get_task(session, 3, Stage.DOWNLOAD)
        assert waiting
        assert (waiting.attempts, waiting.enqueued_at) == (0, None)


def test_admission_fills_the_free_slots_oldest_first(database: Database) -> None:
    business = make_business(database)
    make_calls(database, Stage.DOWNLOAD, range(5), business)
    must_claim(database, 0)

    with database.transaction() as session:
        admitted = claims.admit(session, Stage.DOWNLOAD, business, 3)
    with database.transaction() as session:
        again = claims.admit(session, Stage.DOWNLOAD, business, 3)

    assert list(admitted) == [sid(1), sid(2)]
    assert list(again) == []
    with database.transaction() as session:
        assert get_call(session, 1).recording_download_status == DownloadStatus.QUEUED


def test_a_business_with_many_waiting_does_not_hold_up_another(database: Database) -> None:
    busy, quiet = make_business(database, "busy"), make_business(database, "quiet")
    make_calls(database, Stage.TRANSCRIPT, range(50), busy)
    make_calls(database, Stage.TRANSCRIPT, [99], quiet)

    with database.transaction() as session:
        lines = claims.lines_with_due_calls(session, 60)
        admitted = [list(claims.admit(session, stage, business, 3)) for stage, business in lines]

    assert [sid(99)] in admitted
    assert sum(map(len, admitted)) == 4


def test_a_job_that_redis_has_forgotten_is_admitted_again_after_the_cooldown(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        assert claims.admit(session, Stage.DOWNLOAD, 0, 3)
    with database.transaction() as session:
        assert claims.lines_with_due_calls(session, cooldown=60) == []
    with database.transaction() as session:
        session.execute(update(Task).values(enqueued_at=func.now() - tasks.seconds(61)))

    with database.transaction() as session:
        assert claims.lines_with_due_calls(session, cooldown=60) == [(Stage.DOWNLOAD, 0)]


def test_a_lease_that_is_over_is_found_and_a_running_one_is_not(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1, 2])
    over, running = must_claim(database, 1), must_claim(database, 2)
    with database.transaction() as session:
        expire = update(Task).where(Task.claim == over.number).values(lease_until=func.now() - tasks.seconds(1))
        session.execute(expire)

    with database.transaction() as session:
        assert [held.number for held in claims.expired(session)] == [over.number]
        assert not claims.is_expired(session, running)


def test_a_text_that_exists_stays_when_the_recording_fails_for_good(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        call = get_call(session, 1)
        call.transcript_status = TextStatus.COMPLETED
        stages.fail(session, call, Stage.DOWNLOAD, Outcome.GONE, "it was deleted", said_by="a test")

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.transcript_status, call.summary_status) == (TextStatus.COMPLETED, TextStatus.FAILED)
        assert call.last_error == "Recording failed: it was deleted"


def test_the_database_refuses_a_claim_without_a_lease(database: Database) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])

    with pytest.raises(Exception, match="task_claim_has_lease"), database.transaction() as session:
        session.execute(update(Task).values(claim=1))
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(CallLog)) == 1
