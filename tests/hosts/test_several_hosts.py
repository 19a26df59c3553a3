"""Two hosts share the work and nothing else; one is cut off and dies in the middle: no call is lost or done twice."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from db.models import CallEvent, CallLog, Recording, Task, Transcript
from jobs.queues import QUEUES
from tests.full import callers
from tests.hosts import hub as hubs
from tests.hosts.hub import Hub
from tests.hosts.network import NotAllowed, own_network
from tests.support.object_store import BUCKET
from tests.support.system import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CALLS = 50
CUT_OFF_SECONDS = 2
"""Between the pulled plug and the power cut."""

PATIENCE_SECONDS = 300
ONCE = {"recording_completed": 1, "downloaded": 1, "transcribed": 1, "summarized": 1}
KILLS = 1


@pytest.fixture
def hub(servers_folder: Path) -> Iterator[Hub]:
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir=servers_folder))
    folder.chmod(0o755)
    try:
        with own_network(), hubs.running(folder, BUSINESS_SLOTS="4", STUCK_SECONDS="3") as hub:
            yield hub
    except NotAllowed as reason:
        pytest.skip(str(reason))


def test_a_host_that_vanishes_in_mid_work_costs_no_call_and_doubles_none(hub: Hub, short_audio: Path) -> None:
    with hubs.worker_host(hub, 1) as doomed, hubs.worker_host(hub, 2) as other, ThreadPoolExecutor(1) as pool:
        eventually(lambda: len(hub.workers()) == 2 * len(QUEUES))
        placing = pool.submit(callers.place_many, hub.system, short_audio, CALLS)
        eventually(lambda: at_work(hub, doomed.name) >= {"download", "transcript"})

        doomed.cut_off()
        held = claims_of(hub, doomed.name)
        time.sleep(CUT_OFF_SECONDS)
        doomed.kill()

        placed = placing.result()
        eventually(lambda: unfinished(hub, placed) == 0, PATIENCE_SECONDS)

        assert held, "it was at work when its plug was pulled"
        assert all("WORKER_PICKED" in host.log for host in (doomed, other)), "both shared the work"
    assert len(set(placed)) == CALLS
    assert ends(hub, placed) == Counter({("completed", "ready", "completed", "completed", None): CALLS})
    assert events(hub, placed) == {call_sid: ONCE for call_sid in placed}
    assert count(hub, Recording) == count(hub, Transcript) == CALLS
    assert sorted(files(hub)) == sorted(stored(hub))
    assert len(files(hub)) == CALLS
    downloads = media_downloads(hub)
    assert max(downloads) <= 1 + KILLS
    assert sum(downloads) <= CALLS + len(held)


def claims_of(hub: Hub, name: str) -> set[tuple[int, str]]:
    """The calls, and stages, that workers of a host hold."""
    with hub.system.database.transaction() as session:
        rows = session.execute(select(Task.call_id, Task.stage).where(Task.worker.contains(f"-{name}-")))
        return {(call_id, stage) for call_id, stage in rows}


def at_work(hub: Hub, name: str) -> set[str]:
    return {stage for _, stage in claims_of(hub, name)}


def unfinished(hub: Hub, call_sids: Sequence[str]) -> int:
    with hub.system.database.transaction() as session:
        final = select(func.count()).where(
            CallLog.call_sid.in_(call_sids), CallLog.summary_status.in_(("completed", "failed"))
        )
        open_tasks = session.scalar(select(func.count()).select_from(Task)) or 0
        return len(call_sids) - (session.scalar(final) or 0) + open_tasks


def ends(hub: Hub, call_sids: Sequence[str]) -> Counter[tuple[str | None, ...]]:
    with hub.system.database.transaction() as session:
        columns = (
            CallLog.recording_status,
            CallLog.recording_download_status,
            CallLog.transcript_status,
            CallLog.summary_status,
            CallLog.outcome,
        )
        return Counter(tuple(row) for row in session.execute(select(*columns).where(CallLog.call_sid.in_(call_sids))))


def events(hub: Hub, call_sids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often each call was told to be recorded, fetched, written down and summed up."""
    told: dict[str, dict[str, int]] = {call_sid: {} for call_sid in call_sids}
    with hub.system.database.transaction() as session:
        found = session.execute(
            select(CallLog.call_sid, CallEvent.event, func.count())
            .join(CallEvent, CallEvent.call_id == CallLog.id)
            .where(CallEvent.event.in_(ONCE))
            .group_by(CallLog.call_sid, CallEvent.event)
        )
        for call_sid, event, times in found:
            told[str(call_sid)][event] = times
    return told


def count(hub: Hub, table: type[Recording] | type[Transcript]) -> int:
    with hub.system.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def files(hub: Hub) -> list[str]:
    """Those that rows name."""
    with hub.system.database.transaction() as session:
        return [str(name) for name in session.scalars(select(Recording.file))]


def stored(hub: Hub) -> list[str]:
    """Those that the bucket has."""
    answer = httpx.get(f"{hub.store.url}/{BUCKET}", params={"list-type": "2", "prefix": "recordings/"}, trust_env=False)
    keys = [part.partition("</Key>")[0] for part in answer.text.split("<Key>")[1:]]
    return [key.removeprefix("recordings/") for key in keys]


def media_downloads(hub: Hub) -> list[int]:
    """Whole downloads of each recording, as the phone company counts them."""
    answer = httpx.get(f"{hub.system.listing.url}/simulator/calls", timeout=30, trust_env=False)
    return [one["media_downloads"] for call in answer.json() for one in call["recordings"]]
