"""After the storm: wait until everything is final, and stays so."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.drill.evidence import Witnesses
from tests.drill.house import LEASE_SECONDS, SWEEP_SECONDS

LOOK_EVERY_SECONDS = 1.0
MOST_NAMED = 5
QUIET_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS
"""So long nothing may change any more: a lease that was left behind would have ended by then."""

UNFINISHED = """
    SELECT call_sid || ' ' || concat_ws(' ', call_status, recording_status, transcript_status, summary_status) AS what
    FROM call_log
    WHERE coalesce(call_status, '') NOT IN ('completed', 'busy', 'no-answer', 'canceled', 'failed')
       OR recording_status NOT IN ('completed', 'failed')
       OR recording_download_status IN ('queued', 'downloading')
       OR transcript_status NOT IN ('completed', 'failed') OR summary_status NOT IN ('completed', 'failed')
    UNION ALL
    SELECT call_sid || ' open task ' || stage FROM task JOIN call_log ON call_log.id = call_id"""

LAST_MOVE = "SELECT coalesce(max(id), 0) AS what FROM drill.moved"


def wait_until_final(witnesses: Witnesses, limit: float, say: Callable[[str], None]) -> Sequence[str]:
    """What is still open after `limit` seconds: nothing, when all went well."""
    deadline = time.monotonic() + limit
    quiet_since, last_move = time.monotonic(), -1
    while True:
        left, move = still_open(witnesses), int(witnesses.ask(LAST_MOVE)[0]["what"])
        if left or move != last_move:
            quiet_since, last_move = time.monotonic(), move
        if time.monotonic() - quiet_since > QUIET_SECONDS or time.monotonic() > deadline:
            return left
        say(f"{len(left)} open: {', '.join(left[:MOST_NAMED])}")
        time.sleep(LOOK_EVERY_SECONDS)


def still_open(witnesses: Witnesses) -> Sequence[str]:
    """Calls that go on, calls of ours that are not final, recordings that we do not know, part files."""
    ringing = [call["call_sid"] for call in witnesses.calls() if call["status"] in ("queued", "ringing", "in-progress")]
    recordings = witnesses.recordings()
    running = [one["recording_sid"] for one in recordings if one["status"] in ("in-progress", "processing")]
    known = {row["recording_sid"] for row in witnesses.ask("SELECT recording_sid FROM recording")}
    unheard = {one["recording_sid"] for one in recordings if one["status"] == "completed"} - known
    return [
        *(f"{sid} goes on" for sid in ringing + running),
        *(f"{sid} is unknown" for sid in unheard),
        *(row["what"] for row in witnesses.ask(UNFINISHED)),
        *(f"{path.name} is left" for path in part_files(witnesses.storage)),
    ]


def part_files(storage: Path) -> Sequence[Path]:
    return [path for path in storage.rglob("*") if path.is_file() and not path.name.endswith(".wav")]
