"""A call that we place, through real processes: from the button to the summary, and then to its tombstone."""

from typing import Any

import pytest
from sqlalchemy import func, select

from db.models import CallEvent, CallLog, Deletion, Recording, Transcript
from tests.support.system import System, eventually

TO = "+14155550188"
MOST_INFO_LINES = 16


@pytest.fixture(scope="module")
def placed(second_zero: System) -> dict[str, Any]:
    """The customer's side and ours are those of the demo's conversation."""
    shown = second_zero.change("POST", "/api/calls", {"to": TO})
    assert (shown["to"], shown["from"]) == (TO, second_zero.owner.number)
    return second_zero.final(shown["call_sid"])


def lines_of(system: System, call_sid: str) -> list[str]:
    return [line for line in system.log.splitlines() if call_sid in line]


def test_it_is_recorded_once_from_the_answer_and_written_down(second_zero: System, placed: dict[str, Any]) -> None:
    stages = ("recording_status", "recording_download_status", "transcript_status", "summary_status", "outcome")
    assert [placed[stage] for stage in stages] == ["completed", "ready", "completed", "completed", None]
    assert placed["direction"] == "outbound"
    assert placed["summary"]
    assert {turn["speaker"] for turn in placed["transcript"]} == {"customer", "business"}
    with second_zero.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == placed["call_sid"])).one()
        (recording,) = session.scalars(select(Recording).where(Recording.call_id == call.id)).all()
    assert (recording.source, recording.channels) == ("OutboundAPI", 2)
    assert (call.recording_mode, call.recording_count) == ("TWILIO_CALL_RECORD", 1)
    assert call.estimated_cost_bucket == "LOW"
    (made,) = second_zero.known_to_phone_company(placed["call_sid"])["recordings"]
    assert (made["creates"], made["media_downloads"]) == (1, 1)


def test_its_whole_life_is_few_lines_without_a_number(second_zero: System, placed: dict[str, Any]) -> None:
    lines = [line for line in lines_of(second_zero, placed["call_sid"]) if " INFO " in line]

    assert 0 < len(lines) <= MOST_INFO_LINES
    assert TO not in second_zero.log
    assert second_zero.owner.number not in second_zero.log


def test_deleted_it_goes_everywhere_and_its_tombstone_says_nothing(second_zero: System, placed: dict[str, Any]) -> None:
    call_sid = placed["call_sid"]
    files = second_zero.folder / "recordings" / call_sid
    assert list(files.iterdir())

    assert second_zero.change("DELETE", f"/api/calls/{call_sid}")["call_sid"] == call_sid

    eventually(lambda: any("CALL_DELETED" in line for line in lines_of(second_zero, call_sid)))
    assert list(files.iterdir()) == []
    (made,) = second_zero.known_to_phone_company(call_sid)["recordings"]
    assert made["status"] == "deleted"
    with second_zero.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        assert (call.from_number, call.to_number, call.summary, call.final_transcript) == (None, None, None, None)
        parts = (Recording, Transcript, CallEvent, Deletion)
        left = [session.scalar(select(func.count()).where(part.call_id == call.id)) for part in parts]
    assert left == [0, 0, 0, 0]
    assert call.business_id == second_zero.owner.business_id
    assert call_sid not in [shown["call_sid"] for shown in second_zero.get("/api/calls")["calls"]]
