"""The side thread that holds a claim: it renews, and it knows when time is up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from db import claims
from db.claims import Claim
from db.engine import Database
from db.models import Task
from db.words import Stage
from jobs.keeper import Keeper
from tests.support.calls import TERMS, make_calls, sid
from tests.support.system import eventually

PATIENCE_SECONDS = 10


@contextmanager
def keeper_of(
    database: Database, *, lease: float, leave: Callable[[Claim], None], give_up: Callable[[Claim], None]
) -> Iterator[Keeper]:
    keeper = Keeper(database, lease=lease, grace=1, leave=leave, give_up=give_up)
    yield keeper
    keeper.close()


def claimed(database: Database) -> Claim:
    make_calls(database, Stage.DOWNLOAD, [1])
    with database.transaction() as session:
        held = claims.claim(session, Stage.DOWNLOAD, sid(1), "a worker", TERMS)
    assert held
    return held


def unexpected(claim: Claim) -> None:
    raise AssertionError("nobody asked to stop")


def test_work_that_hangs_ends_its_process(database: Database) -> None:
    ended = threading.Event()
    keeping = keeper_of(database, lease=60, leave=unexpected, give_up=lambda _: ended.set())

    with keeping as keeper, keeper.hold(claimed(database), longest=0.2):
        assert ended.wait(PATIENCE_SECONDS)


def test_a_claim_that_was_lost_ends_its_process(database: Database) -> None:
    ended = threading.Event()
    claim = claimed(database)
    keeping = keeper_of(database, lease=0.3, leave=lambda _: ended.set(), give_up=unexpected)

    with keeping as keeper, keeper.hold(claim, longest=60):
        with database.transaction() as session:
            claims.release(session, claims.own(session, claim), claim, delay=0, refund=False)
        assert ended.wait(PATIENCE_SECONDS)


def test_the_lease_is_renewed_while_the_work_goes_on(database: Database) -> None:
    claim = claimed(database)
    first = lease_of(database)
    keeping = keeper_of(database, lease=TERMS.lease, leave=unexpected, give_up=unexpected)

    with keeping as keeper, keeper.hold(claim, longest=60) as held:
        held.report(50)
        assert lease_of(database) > first


def test_progress_is_written_now_and_then_and_what_was_found_at_once(database: Database) -> None:
    keeping = keeper_of(database, lease=TERMS.lease, leave=unexpected, give_up=unexpected)

    with keeping as keeper, keeper.hold(claimed(database), longest=60) as held:
        for percent in range(1, 50):
            held.report(percent)
        assert shown(database)[0] in range(1, 49)
        held.report(50, {"turns": []})
        assert shown(database) == (50, {"turns": []})


def test_the_lease_is_renewed_though_the_work_says_nothing(database: Database) -> None:
    claim = claimed(database)
    first = lease_of(database)
    keeping = keeper_of(database, lease=1, leave=unexpected, give_up=unexpected)

    with keeping as keeper, keeper.hold(claim, longest=60):
        eventually(lambda: lease_of(database) != first)


def lease_of(database: Database) -> datetime:
    with database.transaction() as session:
        return session.scalars(select(Task.lease_until)).one() or datetime.min.replace(tzinfo=UTC)


def shown(database: Database) -> tuple[int | None, dict[str, Any] | None]:
    with database.transaction() as session:
        progress, draft = session.execute(select(Task.progress, Task.draft)).one()
    return progress, draft
