"""Maintenance is killed at each point of a deletion, and a worker of a call that somebody deletes meanwhile."""

import pytest
from sqlalchemy import func, select

from db.models import CallEvent, CallLog, Deletion, Recording, Task, Transcript
from tests.crashes.bench import Bench
from tests.crashes.points import Point, in_sweeps, named
from tests.crashes.right_end import wait_for_end
from tests.support.system import eventually

WITHIN_SECONDS = 40
"""The delay doubles with each look; a busy machine takes its time."""

PARTS = (Recording, Transcript, CallEvent, Task, Deletion)


def delete(bench: Bench, call_sid: str) -> None:
    bench.system.change("DELETE", f"/api/calls/{call_sid}")


def is_erased(bench: Bench, call_sid: str) -> bool:
    """But for the tombstone."""
    with bench.system.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        belongs = [select(func.count()).where(part.call_id == call.id) for part in PARTS]  # type: ignore[attr-defined]
        assert call.deleted_at
        return not call.from_number and not any(map(session.scalar, belongs))


def ends_as_a_tombstone(bench: Bench, call_sid: str) -> None:
    eventually(lambda: is_erased(bench, call_sid), WITHIN_SECONDS)
    recordings = bench.system.known_to_phone_company(call_sid)["recordings"]
    assert [recording["status"] for recording in recordings] == ["deleted"]
    assert list((bench.system.folder / "recordings" / call_sid).glob("*")) == []


def deleted_with_a_kill(bench: Bench, point: Point) -> str:
    call_sid = bench.call().result()
    wait_for_end(bench, call_sid)
    with bench.without("maintenance"):
        delete(bench, call_sid)
        with bench.armed(point, "jobs.worker", "maintenance") as armed:
            armed.fired()
    return call_sid


@pytest.mark.slow
@pytest.mark.parametrize("point", in_sweeps("jobs.deletions.deletions"), ids=str)
def test_a_deletion_goes_on_though_who_deletes_was_killed(bench: Bench, point: Point) -> None:
    ends_as_a_tombstone(bench, deleted_with_a_kill(bench, point))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["download:bytes:media:last", "download:rename:file:after", "download:commit:write:before"],
)
def test_a_file_that_a_killed_worker_has_left_goes_with_its_call(bench: Bench, name: str) -> None:
    with bench.without("recordings"):
        call_sid = bench.call().result()
        with bench.armed(named(name), "jobs.worker", "recordings") as armed:
            armed.fired()
        delete(bench, call_sid)

    ends_as_a_tombstone(bench, call_sid)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transcript:progress:transcribe:50", "summary:commit:write:before"])
def test_no_text_comes_after_the_end(bench: Bench, name: str) -> None:
    point = named(name)
    queue = {"transcript": "transcripts", "summary": "summaries"}[point.scope]
    with bench.without(queue):
        call_sid = bench.call().result()
        with bench.armed(point, "jobs.worker", queue) as armed:
            armed.fired()
        delete(bench, call_sid)

    ends_as_a_tombstone(bench, call_sid)
