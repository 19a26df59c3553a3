"""What the player is told to draw."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from db import events
from db.engine import Database
from db.models import CallLog, Recording
from jobs.conversation import numbers_of
from tests.support.people import People
from tests.support.twilio import RECORDING_SID
from tests.web import sample_calls as sample
from tests.web.rows import add_recorded_call
from web.house import House
from web.sound import sound_of

OTHER = "RE" + "5" * 32


@pytest.fixture
def sid(database: Database, people: People) -> str:
    return add_recorded_call(database, people.alice.business_id, direction="inbound", duration=9)


def sound(house: House, sid: str, turns: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    with house.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == sid)).one()
        return sound_of(session, call, turns, events.timeline(session, call.id), house.settings)


def change_recording(database: Database, **columns: Any) -> None:
    with database.transaction() as session:
        recording = session.scalars(select(Recording)).one()
        for name, value in columns.items():
            setattr(recording, name, value)


def test_the_peaks_are_those_of_the_call_s_own_recording(house: House, sid: str) -> None:
    change_recording(house.database, peaks=bytes(range(200)), audio_seconds=8.5, channels=2)

    shown = sound(house, sid)

    assert b64decode(shown["peaks"]) == bytes(range(200))
    assert shown["seconds"] == 8.5


def test_an_adopted_recording_has_lanes_without_peaks_and_the_length_of_its_call(house: House, sid: str) -> None:
    shown = sound(house, sid)

    assert (shown["peaks"], shown["lanes"], shown["seconds"]) == ("", ["customer", "business"], 9)


def test_a_recording_of_one_channel_has_one_lane_of_somebody(house: House, sid: str) -> None:
    change_recording(house.database, channels=1)

    assert sound(house, sid)["lanes"] == ["unknown"]


def test_lanes_are_named_as_the_transcript_names_them(house: House, sid: str) -> None:
    swapped = [turn | {"channel": 1 - turn["channel"]} for turn in sample.TURNS]
    nobody = [turn | {"speaker": "unknown"} for turn in sample.TURNS]

    assert sound(house, sid, swapped)["lanes"] == ["business", "customer"]
    assert sound(house, sid, nobody)["lanes"] == ["unknown", "unknown"]


@pytest.mark.parametrize(("second", "gap"), [(3.0, 3.0), (1, 1), (0.4, 0), (0, 0), (None, 0)])
def test_a_gap_is_told_from_one_second_on(house: House, sid: str, second: float | None, gap: float) -> None:
    sample.add_event(house.database, sid, "recording_started", second=second, recording_sid=RECORDING_SID)

    assert sound(house, sid)["gap"] == gap


def test_another_recording_s_beginning_is_no_gap(house: House, sid: str) -> None:
    sample.add_event(house.database, sid, "recording_started", second=60, recording_sid=OTHER)

    assert sound(house, sid)["gap"] == 0


def test_interruptions_are_those_that_the_conversation_counts(house: House, sid: str) -> None:
    speakers = ("customer", "business")
    times = [(0, 5), (4, 8), (7.8, 9), (9.5, 14), (13, 13.4), (13.2, 17), (16.5, 20), (20, 21)]
    turns = [
        {"channel": number % 2, "speaker": speakers[number % 2], "start": start, "end": end, "text": "x"}
        for number, (start, end) in enumerate(times)
    ]
    numbers = numbers_of(turns, 21)
    assert numbers

    cuts = sound(house, sid, turns)["cuts"]

    counted = [sum(lane == side for _, lane in cuts) for side in (0, 1)]
    assert counted == [numbers[side]["interruptions"] for side in speakers]
    assert cuts[0] == (4, 1)
    assert len(cuts) == 2


def test_turns_without_times_or_names_interrupt_nobody(house: House, sid: str) -> None:
    untimed = [turn | {"start": None, "end": None} for turn in sample.TURNS]
    nobody = [turn | {"speaker": "unknown"} for turn in sample.WORDS]

    assert sound(house, sid, untimed)["cuts"] == sound(house, sid, nobody)["cuts"] == []
