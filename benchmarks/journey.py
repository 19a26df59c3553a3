"""How long a caller's words take from the hang-up to the text, and whether any are lost on the way.

Puts calls through the whole system, one after another, with tiny.en, and prints per stage the median and the slowest
of their times since the call ended, the seconds missing at the head of their recordings, and how many calls were lost
or fetched twice. Usage: python -m benchmarks.journey [CALLS]
"""

import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from conf.settings import ROOT
from db import migrate
from launch import embedded
from tests.support.system import System, running

AUDIO = ROOT / "simulator" / "audio" / "demo_en.flac"
CALLS = 5
STAGES = {"downloaded": "recording here", "transcribed": "transcript", "summarized": "summary"}


def main(calls: int) -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with embedded.postgres(folder / "postgres") as database_url, embedded.valkey(folder / "valkey") as redis_url:
            migrate.migrate(database_url)
            with running(folder, database_url, redis_url) as system:
                _print(system, [system.final(system.call(AUDIO)) for _ in range(calls)])


def _print(system: System, calls: list[dict[str, Any]]) -> None:
    print(f"{len(calls)} calls of {calls[0]['duration']} s, tiny.en, seconds since the hang-up")
    print(f"{'stage':<16}{'median':>8}{'slowest':>9}")
    for event, label in STAGES.items():
        times = [_seconds_after_hang_up(call, event) for call in calls]
        print(f"{label:<16}{statistics.median(times):>8.1f}{max(times):>9.1f}")
    missing = [_detail(call, "recording_started")["second"] for call in calls]
    fetched = [_downloads(system, call) for call in calls]
    print(f"seconds missing at the head: {max(missing):.1f} at most")
    print(f"lost: {sum(count == 0 for count in fetched)}, fetched twice: {sum(count > 1 for count in fetched)}")


def _seconds_after_hang_up(call: dict[str, Any], event: str) -> float:
    ended = next(e for e in call["timeline"] if e["detail"].get("status") == "completed")
    reached = next(e for e in call["timeline"] if e["event"] == event)
    return (datetime.fromisoformat(reached["at"]) - datetime.fromisoformat(ended["at"])).total_seconds()


def _detail(call: dict[str, Any], event: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e["detail"] for e in call["timeline"] if e["event"] == event)
    return found


def _downloads(system: System, call: dict[str, Any]) -> int:
    known = system.known_to_phone_company(call["call_sid"])
    return sum(recording["media_downloads"] for recording in known["recordings"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
