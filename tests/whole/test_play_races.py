"""Many people press play on one recording that is not here: it is fetched once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, func, select

from benchmarks.web import wire
from db.models import CallLog, Recording, Task
from db.tasks import seconds
from db.words import DownloadStatus
from tests.full import callers
from tests.full.crowd import Crowd, crowd_of
from tests.full.rivals import press_play
from tests.support.system import PATIENCE_SECONDS, System, eventually

LONG_AGO_SECONDS = 30 * 24 * 3600
"""Older than ADOPT_DAYS: nobody fetches it but who presses play."""

PLAYERS = 100
PLAYER_PAUSE_SECONDS = 0.2

SIZES = [
    pytest.param((8, 3), id="8 people, 3 calls"),
    pytest.param((50, 12), id="50 people, 12 calls", marks=pytest.mark.slow),
]


def forget(system: System, call_sid: str) -> None:
    """As a call of an old installation: its recording is known, and was never fetched."""
    with system.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid).with_for_update()).one()
        session.execute(delete(Task).where(Task.call_id == call.id))
        call.recording_download_status = DownloadStatus.MISSING
        call.recording_last_enqueue_at = None
        call.created_at = func.timezone("utc", func.now()) - seconds(LONG_AGO_SECONDS)


def is_recorded(system: System, call_sid: str) -> bool:
    return bool(system.show(call_sid)["recording_status"] == "completed")


def old_call(system: System, audio: Path) -> str:
    """The CallSid of a call whose recording is at the phone company only."""
    with callers.stopped(system, "recordings"):
        [call_sid] = callers.place_many(system, audio, 1)
        eventually(lambda: is_recorded(system, call_sid))
        forget(system, call_sid)
    eventually(lambda: system.show(call_sid)["recording_download_status"] == "missing")
    return call_sid


def downloads(system: System, call_sid: str) -> list[int]:
    """Whole downloads of each of the call's recordings, as the phone company counts them."""
    return [recording["media_downloads"] for recording in system.known_to_phone_company(call_sid)["recordings"]]


def all_press_play(crowd: Crowd, system: System, call_sid: str) -> list[int]:
    return crowd.at_once(press_play, f"{system.url}/api/recordings/{call_sid}/stream", system.owner.headers)


def told(call: dict[str, Any], event: str) -> int:
    return [one["event"] for one in call["timeline"]].count(event)


@pytest.mark.parametrize("size", SIZES)
def test_a_missing_recording_that_many_want_to_hear_is_fetched_once(
    size: tuple[int, int], second_zero: System, short_audio: Path
) -> None:
    people, calls = size
    with crowd_of(people) as crowd:
        for _ in range(calls):
            call_sid = old_call(second_zero, short_audio)
            assert downloads(second_zero, call_sid) == [0]

            assert set(all_press_play(crowd, second_zero, call_sid)) <= {200, 202}

            call = second_zero.final(call_sid)
            assert (call["recording_download_status"], call["summary_status"]) == ("ready", "completed")
            assert told(call, "downloaded") == 1
            assert downloads(second_zero, call_sid) == [1]


def test_a_hundred_players_that_wait_for_one_recording_have_it_fetched_once(
    second_zero: System, short_audio: Path
) -> None:
    call_sid = old_call(second_zero, short_audio)
    player = Player(second_zero, call_sid)

    with ThreadPoolExecutor(PLAYERS) as crowd:
        answers = list(crowd.map(lambda _: player.wait_until_ready(), range(PLAYERS)))

    assert all(one[-1] == "ready" for one in answers)
    assert sum("missing" in one for one in answers) > 1, "only one came in time to ask for it"
    assert downloads(second_zero, call_sid) == [1]
    assert stored(second_zero.final(call_sid)) == (1, 1)


class Player:
    """Does what web/static/recording.js does, in less time: asks where the recording is; where it is missing, asks
    once for its first byte; and goes on asking where it is until it is here."""

    def __init__(self, system: System, call_sid: str) -> None:
        headers = system.owner.headers
        self._port = int(str(urlsplit(system.url).port))
        self._status = wire.get(f"/api/recordings/{call_sid}/status", headers)
        self._first_byte = wire.get(f"/api/recordings/{call_sid}/stream", headers | {"Range": "bytes=0-0"})

    def wait_until_ready(self) -> list[str]:
        """What it was told, one answer after another."""
        told: list[str] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        is_requested = False
        while told[-1:] != ["ready"] and time.monotonic() < deadline:
            told.append(self._ask())
            if told[-1] == "missing" and not is_requested:
                is_requested = wire.ask(self._port, self._first_byte).status in (202, 206)
            time.sleep(PLAYER_PAUSE_SECONDS)
        return told

    def _ask(self) -> str:
        answer = wire.ask(self._port, self._status)
        return str(json.loads(answer.body)["status"]) if answer.status == 200 else "busy"


def stored(call: dict[str, Any]) -> tuple[int, int]:
    """How often the file was kept, and how often it was written down."""
    return told(call, "downloaded"), told(call, "transcribed")


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_has_gone_and_that_many_want_to_hear_is_fetched_once_more(
    size: tuple[int, int], second_zero: System, short_audio: Path
) -> None:
    people, _ = size
    [call_sid] = callers.place_many(second_zero, short_audio, 1)
    second_zero.final(call_sid)
    delete_file(second_zero, call_sid)

    with crowd_of(people) as crowd:
        assert set(all_press_play(crowd, second_zero, call_sid)) <= {200, 202}
        eventually(lambda: second_zero.show(call_sid)["recording_download_status"] == "ready")

        assert all_press_play(crowd, second_zero, call_sid) == [200] * people
        assert downloads(second_zero, call_sid) == [2]
        assert told(second_zero.show(call_sid), "transcribed") == 1


def delete_file(system: System, call_sid: str) -> None:
    with system.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        row = session.scalars(select(Recording).where(Recording.recording_sid == call.recording_sid)).one()
        call.recording_last_enqueue_at = None
    (system.folder / "recordings" / str(row.file)).unlink()
