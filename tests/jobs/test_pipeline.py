"""What becomes of a claim: settled, tried again, given up or refused."""

from typing import NoReturn

import pytest
from redis import Redis
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db import claims, stages
from db.claims import Claim, Terms
from db.engine import Database
from db.models import CallLog, Task
from db.words import DownloadStatus, Outcome, Stage, TextStatus
from jobs.keeper import Held
from jobs.pipeline import Crew, Later, Settle
from providers.errors import NotThereYet, OurOutage, Rejected, Unavailable
from tests.support.calls import get_call, get_task, make_business, make_calls, sid
from tests.support.crew import PACE, Acting, make_crew, make_due, settled, work

TWO_ATTEMPTS = Terms(slots=3, lease=60, attempts=2)


def failing(database: Database, redis: Redis, error: Exception, stage: Stage = Stage.DOWNLOAD) -> Crew:
    def act(held: Held) -> Settle:
        raise error

    return make_crew(database, redis, Acting(stage, act), TWO_ATTEMPTS)


def test_a_result_is_written_and_the_stage_is_closed(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.SUMMARY, [1])

    def settle(session: Session, call: CallLog) -> None:
        stages.settle_summary(session, call, "Dana called.", model="a model", said_by="a test")

    work(make_crew(database, redis, Acting(Stage.SUMMARY, lambda held: settle)), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.summary, call.summary_status) == ("Dana called.", TextStatus.COMPLETED)
        assert get_task(session, 1, Stage.SUMMARY) is None


def test_the_next_stage_is_enqueued_as_soon_as_one_is_settled(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])

    def settle(session: Session, call: CallLog) -> None:
        stages.settle_download(session, call, bytes_len=1, seconds=1, said_by="a test")

    crew = make_crew(database, redis, Acting(Stage.DOWNLOAD, lambda held: settle))
    work(crew, sid(1))

    assert crew.queues.queue("transcripts").get_job_ids() == [f"transcript-{sid(1)}"]


def test_the_next_waiting_call_is_enqueued_as_soon_as_a_slot_is_free(database: Database, redis: Redis) -> None:
    business = make_business(database)
    make_calls(database, Stage.DOWNLOAD, [1, 2], business)
    one_slot = Terms(slots=1, lease=60, attempts=5)
    crew = make_crew(database, redis, Acting(Stage.DOWNLOAD, lambda held: settled), one_slot)
    crew.queues.admit(Stage.DOWNLOAD, business)

    work(crew, sid(1))

    assert f"download-{sid(2)}" in crew.queues.queue("recordings").get_job_ids()


def test_a_failed_attempt_is_tried_again_after_a_growing_delay(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(failing(database, redis, Unavailable("timeout", "The file broke off.")), sid(1))

    with database.transaction() as session:
        call, task = get_call(session, 1), get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert call.recording_download_status == DownloadStatus.FAILED
        assert call.last_error == "Recording failed: The file broke off."
        assert (call.recording_fail_count, call.retry_count, task.attempts) == (1, 1, 1)
        wait = session.scalar(select(func.extract("epoch", Task.due_at - func.clock_timestamp())))
        assert PACE.base - 1 <= wait <= PACE.longest
        assert call.recording_next_retry_at is not None


def test_a_call_is_given_up_when_its_attempts_are_used_up(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    crew = failing(database, redis, Unavailable("timeout", "The file broke off."))
    for _ in range(TWO_ATTEMPTS.attempts):
        make_due(database)
        work(crew, sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert get_task(session, 1, Stage.DOWNLOAD) is None
        assert (call.recording_download_status, call.outcome) == (DownloadStatus.FAILED, Outcome.GAVE_UP)
        assert (call.transcript_status, call.summary_status) == (TextStatus.FAILED, TextStatus.FAILED)
        assert call.recording_next_retry_at is None


def test_between_attempts_a_text_is_pending(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.SUMMARY, [1])
    work(failing(database, redis, Unavailable("summary_server", "It did not answer."), Stage.SUMMARY), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.summary_status, call.outcome) == (TextStatus.PENDING, None)
        assert call.last_error == "Summary failed: It did not answer."


@pytest.mark.parametrize("error", [NotThereYet("not_there_yet", "Not yet."), OurOutage("disk", "Our disk is full.")])
def test_waiting_and_our_own_outage_cost_no_attempt(database: Database, redis: Redis, error: Unavailable) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(failing(database, redis, error), sid(1))

    with database.transaction() as session:
        call, task = get_call(session, 1), get_task(session, 1, Stage.DOWNLOAD)
        assert task
        assert (task.attempts, call.recording_fail_count, call.retry_count) == (0, 0, 0)
        assert call.recording_download_status == DownloadStatus.MISSING


def test_what_will_not_get_better_is_refused_at_once_with_its_reason(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(failing(database, redis, Rejected("gone", "It was deleted.", outcome="gone")), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.outcome, call.last_error) == (Outcome.GONE, "Recording failed: It was deleted.")
        assert get_task(session, 1, Stage.DOWNLOAD) is None


def test_a_bug_costs_an_attempt_and_tells_people_no_details(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(failing(database, redis, ZeroDivisionError("+14155550100 said hello")), sid(1))

    with database.transaction() as session:
        assert get_call(session, 1).last_error == "Recording failed: An error of ours: ZeroDivisionError."


def test_looking_again_later_costs_no_attempt(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.RECORDING, [1])
    work(make_crew(database, redis, Acting(Stage.RECORDING, lambda held: lambda session, call: Later(30))), sid(1))

    with database.transaction() as session:
        task = get_task(session, 1, Stage.RECORDING)
        assert task
        assert (task.attempts, task.claim) == (0, None)


def test_a_worker_that_lost_its_claim_writes_nothing(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.SUMMARY, [1])

    def act(held: Held) -> Settle:
        with database.transaction() as session:  # a sweep takes it for dead meanwhile
            claims.release(session, claims.own(session, held.claim), held.claim, delay=0, refund=False)
        return lambda session, call: stages.settle_summary(session, call, "late", model="m", said_by="late")

    work(make_crew(database, redis, Acting(Stage.SUMMARY, act)), sid(1))

    with database.transaction() as session:
        assert get_call(session, 1).summary is None
        assert get_task(session, 1, Stage.SUMMARY) is not None


def test_a_refusal_for_haste_does_not_shorten_the_wait(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.DOWNLOAD, [1])
    work(failing(database, redis, Unavailable("rate_limited", "Slow down.", retry_after=1)), sid(1))

    with database.transaction() as session:
        wait = session.scalar(select(func.extract("epoch", Task.due_at - func.clock_timestamp())))
        assert wait >= PACE.base - 1


def test_what_was_found_out_is_written_once_postgres_is_back(database: Database, redis: Redis) -> None:
    """The connection dies under the settling commit, as it does when the server restarts."""
    make_calls(database, Stage.TRANSCRIPT, [1])
    tries = []

    def settle(session: Session, call: CallLog) -> None:
        tries.append(call.id)
        if len(tries) == 1:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        call.final_transcript = "found out once"

    work(make_crew(database, redis, Acting(Stage.TRANSCRIPT, lambda held: settle)), sid(1))

    with database.transaction() as session:
        assert get_call(session, 1).final_transcript == "found out once"
        assert get_task(session, 1, Stage.TRANSCRIPT) is None
    assert len(tries) == 2


def test_postgres_going_away_in_mid_work_costs_no_attempt(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])

    def act(held: Held) -> NoReturn:
        with database.transaction() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        raise AssertionError("the statement ends its own connection")

    work(make_crew(database, redis, Acting(Stage.TRANSCRIPT, act)), sid(1))

    with database.transaction() as session:
        task = get_task(session, 1, Stage.TRANSCRIPT)
        assert task
        assert (task.claim, task.attempts) == (None, 0)
        assert get_call(session, 1).retry_count == 0


def test_a_worker_that_has_lost_its_claim_removes_what_it_left_behind(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    disowned = []

    class Careful(Acting):
        def disown(self, claim: Claim) -> None:
            disowned.append(claim.number)

    def act(held: Held) -> Settle:
        with database.transaction() as session:
            claims.release(session, claims.own(session, held.claim), held.claim, delay=0, refund=False)
        return settled

    work(make_crew(database, redis, Careful(Stage.TRANSCRIPT, act)), sid(1))

    assert len(disowned) == 1


def test_a_call_that_is_due_again_at_once_is_worked_on_in_the_same_job(database: Database, redis: Redis) -> None:
    """Another job of its could not be enqueued: the id of the one that runs keeps it out."""
    make_calls(database, Stage.TRANSCRIPT, [1])
    looks = []

    def settle(session: Session, call: CallLog) -> Later | None:
        looks.append(call.id)
        return Later(0) if len(looks) == 1 else None

    work(make_crew(database, redis, Acting(Stage.TRANSCRIPT, lambda held: settle)), sid(1))

    assert len(looks) == 2
    with database.transaction() as session:
        assert get_task(session, 1, Stage.TRANSCRIPT) is None


def test_a_result_that_can_not_be_written_is_a_bug_and_not_a_dead_worker(database: Database, redis: Redis) -> None:
    make_calls(database, Stage.SUMMARY, [1])

    def settle(session: Session, call: CallLog) -> None:
        stages.settle_summary(session, call, "PostgreSQL has no text with \0 in it", model="a model", said_by="a test")

    work(make_crew(database, redis, Acting(Stage.SUMMARY, lambda held: settle), TWO_ATTEMPTS), sid(1))

    with database.transaction() as session:
        task = get_task(session, 1, Stage.SUMMARY)
        assert task
        assert (task.claim, task.attempts) == (None, 1)
        assert "An error of ours" in str(get_call(session, 1).last_error)
