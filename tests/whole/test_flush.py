"""Redis forgets everything while calls wait in every stage: all of them finish, and nothing is done twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from db.models import CallEvent, CallLog, Task
from db.words import Stage
from jobs import redis as redis_connections
from jobs.queues import QUEUE_OF_STAGE
from tests.full import callers
from tests.support.system import System, eventually

STAGES = (Stage.SUMMARY, Stage.TRANSCRIPT, Stage.DOWNLOAD, Stage.RECORDING)
"""From the last to the first: calls pile up before a worker that stands still, and the ones before it go on."""

SECONDS_A_CALL = 4
"""What all stages of a short call may take on a machine that is busy with other things."""

START_SECONDS = 60
ONCE = {"recording_completed": 1, "downloaded": 1, "transcribed": 1, "summarized": 1}
LOST_CALLBACKS = ("drop=recording-completed", "drop=call-completed")
"""A call of which nobody tells the end stays in its first stage until the phone company is asked."""


def waiting_in(system: System, stage: Stage) -> int:
    with system.database.transaction() as session:
        return session.scalar(select(func.count()).where(Task.stage == stage)) or 0


@contextmanager
def calls_in_every_stage(system: System, audio: Path, each: int) -> Iterator[list[str]]:
    """The CallSids; all workers stand still until the block ends."""
    placed: list[str] = []
    with ExitStack() as stack:
        for stage in STAGES:
            first = stage is Stage.RECORDING
            queues = (QUEUE_OF_STAGE[stage], *(["maintenance"] if first else []))
            stack.enter_context(callers.stopped(system, *queues))
            placed += callers.place_many(system, audio, each, *(LOST_CALLBACKS if first else ()))
            await_pile(system, stage, each)
        yield placed


def await_pile(system: System, stage: Stage, each: int) -> None:
    eventually(lambda: waiting_in(system, stage) == each, START_SECONDS + each * SECONDS_A_CALL)


def flush_redis(system: System) -> None:
    client = redis_connections.connect(system.supervisor.environ()["REDIS_URL"], timeout=10)
    client.flushall()
    client.close()


def unfinished(system: System, call_sids: Sequence[str]) -> int:
    with system.database.transaction() as session:
        not_final = CallLog.summary_status.not_in(("completed", "failed"))
        calls = session.scalar(select(func.count()).where(CallLog.call_sid.in_(call_sids), not_final))
        return (calls or 0) + (session.scalar(select(func.count()).select_from(Task)) or 0)


def events_of(system: System, call_sids: Sequence[str]) -> dict[str, Counter[str]]:
    """How often each event happened to each call."""
    told: dict[str, Counter[str]] = {call_sid: Counter() for call_sid in call_sids}
    with system.database.transaction() as session:
        rows = session.execute(
            select(CallLog.call_sid, CallEvent.event)
            .join(CallEvent, CallEvent.call_id == CallLog.id)
            .where(CallLog.call_sid.in_(call_sids))
        )
        for call_sid, event in rows:
            told[str(call_sid)][event] += 1
    return told


def known_to_phone_company(system: System) -> dict[str, Any]:
    answer = httpx.get(f"{system.listing.url}/simulator/calls", timeout=30)
    return {call["call_sid"]: call for call in answer.json()}


def flush_with_calls_in_every_stage(system: System, audio: Path, each: int) -> None:
    with calls_in_every_stage(system, audio, each) as placed:
        assert [waiting_in(system, stage) for stage in STAGES] == [each] * len(STAGES)
        flush_redis(system)

    eventually(lambda: unfinished(system, placed) == 0, START_SECONDS + len(placed) * SECONDS_A_CALL)

    assert len(set(placed)) == each * len(STAGES)
    for told in events_of(system, placed).values():
        assert {event: told[event] for event in ONCE} == ONCE
    known = known_to_phone_company(system)
    downloads = {one["media_downloads"] for call_sid in placed for one in known[call_sid]["recordings"]}
    assert downloads == {1}


def test_a_flush_with_calls_in_every_stage_loses_none_and_doubles_none(second_zero: System, short_audio: Path) -> None:
    flush_with_calls_in_every_stage(second_zero, short_audio, 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("each", [50, 200])
def test_a_flush_with_hundreds_of_calls_in_every_stage_loses_none_and_doubles_none(
    each: int, busy_system: System, short_audio: Path
) -> None:
    flush_with_calls_in_every_stage(busy_system, short_audio, each)
