"""A call of four hours: its transcript is written in bounded memory, and seen to go on all the while."""

import sys
import wave
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import pytest
from sqlalchemy import func, select

from db import tasks
from db.models import CallLog, Recording, Task
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus
from tests.providers.speech_files import NARROW, conversation
from tests.support.system import System, eventually

HOURS = 4
MOST_BYTES = 1.5e9
CALL_SID, RECORDING_SID = f"CA{4:032x}", f"RE{4:032x}"
PATIENCE_SECONDS = 1500

pytestmark = pytest.mark.slow


class Look(NamedTuple):
    """What could be seen of the work at one moment."""

    progress: int
    claim: int
    attempts: int
    lease_left: float
    turns: int
    resident: int


@pytest.fixture
def long_call(second_zero: System) -> str:
    """The demo's conversation, over and over, as a recording that is there and waits for its transcript."""
    file = second_zero.folder / "recordings" / "four-hours.wav"
    file.parent.mkdir(exist_ok=True)
    repeats = write_over_and_over(file, HOURS * 3600)
    assert repeats > 200
    with second_zero.database.transaction() as session:
        call = CallLog(
            call_sid=CALL_SID,
            business_id=second_zero.owner.business_id,
            direction="inbound",
            recording_sid=RECORDING_SID,
            recording_status=RecordingStatus.COMPLETED,
            recording_download_status=DownloadStatus.READY,
        )
        session.add(call)
        session.flush()
        session.add(Recording(call_id=call.id, recording_sid=RECORDING_SID, status="completed", file=file.name))
        tasks.open_task(session, call, Stage.TRANSCRIPT)
    return CALL_SID


def write_over_and_over(file: Path, seconds: int) -> int:
    once = (conversation().T * 32767).astype(np.int16).tobytes()
    repeats = seconds * NARROW * 4 // len(once) + 1
    with wave.open(str(file), "wb") as audio:
        audio.setparams((2, 2, NARROW, 0, "NONE", ""))
        for _ in range(repeats):
            audio.writeframes(once)
    return repeats


def test_four_hours_are_transcribed_in_bounded_memory_under_a_lease_that_never_runs_out(
    second_zero: System, long_call: str
) -> None:
    worker = second_zero.process("jobs.worker", "transcripts")
    looks: list[Look] = []

    def look() -> bool:
        seen = look_at(second_zero, worker)
        looks.extend([seen] if seen else [])
        return is_completed(second_zero)

    eventually(look, PATIENCE_SECONDS)

    shown = second_zero.show(long_call)
    told = len(shown["transcript"])
    sys.stdout.write(f"{told} turns, peak {max(look.resident for look in looks) / 1e6:.0f} MB, {len(looks)} looks\n")
    assert told > 2000
    assert shown["transcript"][-1]["end"] > HOURS * 3600 - 60
    assert max(look.resident for look in looks) < MOST_BYTES
    assert min(look.lease_left for look in looks) > 0
    assert {(look.claim, look.attempts) for look in looks} == {(looks[0].claim, 1)}
    assert all(before.progress <= after.progress for before, after in pairwise(looks))
    assert len({look.progress for look in looks}) > 80
    assert len({look.turns for look in looks}) > 80


def is_completed(system: System) -> bool:
    with system.database.transaction() as session:
        status = session.scalar(select(CallLog.transcript_status).where(CallLog.call_sid == CALL_SID))
        return status == TextStatus.COMPLETED


def look_at(system: System, worker: psutil.Process) -> Look | None:
    """None while nobody is at work."""
    with system.database.transaction() as session:
        row = session.execute(
            select(
                Task.progress, Task.claim, Task.attempts, Task.lease_until, func.clock_timestamp(),
                func.jsonb_array_length(func.coalesce(Task.draft["turns"], func.jsonb_build_array())),
            ).where(Task.stage == Stage.TRANSCRIPT, Task.claim.is_not(None))
        ).one_or_none()  # fmt: skip
    if row is None:
        return None
    progress, claim, attempts, lease_until, now, turns = row
    return Look(progress, claim, attempts, seconds_between(now, lease_until), turns, worker.memory_info().rss)


def seconds_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
