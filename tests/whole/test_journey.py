"""The whole story through real processes: from the phone company's first webhook to the summary."""

import hashlib
import json
import re
import threading
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from conf.settings import ROOT
from db.models import CallLog, Recording, Task
from tests.support.system import System, eventually

AUDIO = ROOT / "simulator" / "audio" / "demo_en.flac"
SCRIPT = json.loads((ROOT / "simulator" / "audio" / "demo_en.json").read_text())
FIRST_WORDS = 5
LATE_SECONDS = 2
MOST_INFO_LINES = 16


@pytest.fixture(scope="module")
def demo_call(second_zero: System) -> dict[str, Any]:
    """The demo's conversation, all the way."""
    return second_zero.final(second_zero.call(AUDIO))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def missing_at_the_start(call: dict[str, Any]) -> list[str]:
    """Of the first words that were said on the call, those its transcript lacks."""
    said = words(SCRIPT[0]["text"])[:FIRST_WORDS]
    heard = words(" ".join(turn["text"] for turn in call["transcript"]))[: FIRST_WORDS * 2]
    return [word for word in said if word not in heard]


def test_every_stage_of_the_call_is_done(demo_call: dict[str, Any]) -> None:
    stages = ("recording_status", "recording_download_status", "transcript_status", "summary_status", "outcome")
    assert [demo_call[stage] for stage in stages] == ["completed", "ready", "completed", "completed", None]
    assert demo_call["last_error"] is None
    assert demo_call["call_status"] == "completed"
    assert demo_call["estimated_cost_bucket"] == "LOW"


def test_nothing_said_is_missing_from_the_first_second_on(demo_call: dict[str, Any]) -> None:
    assert missing_at_the_start(demo_call) == []


def test_each_speaker_is_heard_on_their_own_channel(demo_call: dict[str, Any]) -> None:
    for channel, speaker in ((0, "customer"), (1, "business")):
        said = words(" ".join(turn["text"] for turn in SCRIPT if turn["channel"] == channel))
        heard = words(" ".join(turn["text"] for turn in demo_call["transcript"] if turn["channel"] == channel))
        assert {turn["speaker"] for turn in demo_call["transcript"] if turn["channel"] == channel} == {speaker}
        assert len(set(said) & set(heard)) / len(set(said)) > 0.9


def test_the_turns_are_in_the_order_they_were_spoken(demo_call: dict[str, Any]) -> None:
    starts = [turn["start"] for turn in demo_call["transcript"]]
    assert starts == sorted(starts)
    assert all(0 <= turn["start"] < turn["end"] <= demo_call["duration"] + 2 for turn in demo_call["transcript"])


def test_the_summary_holds_what_matters_and_says_that_no_model_wrote_it(demo_call: dict[str, Any]) -> None:
    assert demo_call["summary"].startswith("Extract made offline")
    facts = ("4729", "Tuesday", "340", "Maple Street", "Monday")
    assert sum(fact in demo_call["summary"] for fact in facts) >= 3


def test_the_file_on_disk_is_the_one_the_row_speaks_of(second_zero: System, demo_call: dict[str, Any]) -> None:
    with second_zero.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == demo_call["call_sid"])).one()
        recording = session.scalars(select(Recording).where(Recording.recording_sid == call.recording_sid)).one()
    content = (second_zero.folder / "recordings" / str(recording.file)).read_bytes()
    assert hashlib.sha256(content).hexdigest() == recording.sha256
    assert len(content) == recording.bytes_len == call.audio_bytes_len
    assert call.audio_duration_sec == pytest.approx(recording.duration, abs=2)


def test_the_recording_was_fetched_once_and_no_work_is_left(second_zero: System, demo_call: dict[str, Any]) -> None:
    known = second_zero.known_to_phone_company(demo_call["call_sid"])
    assert [recording["media_downloads"] for recording in known["recordings"]] == [1]
    with second_zero.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == demo_call["call_sid"])).one()
        assert session.scalars(select(Task).where(Task.call_id == call.id)).all() == []


def test_the_timeline_tells_the_story_in_order(demo_call: dict[str, Any]) -> None:
    told = [event["event"] for event in demo_call["timeline"] if event["event"] != "call_status"]
    assert told == ["recording_started", "recording_completed", "downloaded", "transcribed", "summarized"]
    assert next(e for e in demo_call["timeline"] if e["event"] == "recording_started")["detail"]["second"] < 1


def test_a_call_that_goes_well_writes_few_lines_and_nothing_personal(
    second_zero: System, demo_call: dict[str, Any]
) -> None:
    lines = [line for line in second_zero.log.splitlines() if demo_call["call_sid"] in line]
    events = [re.sub(r".*\] ([A-Z_]+) .*", r"\1", line) for line in lines]
    assert len(lines) <= MOST_INFO_LINES
    assert {"RECORDING_STARTED", "WORKER_DOWNLOAD_DONE", "TRANSCRIPT_DONE", "SUMMARY_DONE"} <= set(events)
    assert all(" INFO " in line for line in lines)
    assert "+1415555" not in second_zero.log
    assert "Maple" not in second_zero.log
    assert str(second_zero.folder) not in "".join(lines)


def test_progress_is_seen_while_the_transcript_is_written(second_zero: System) -> None:
    call_sid = second_zero.call(AUDIO)
    seen: set[int] = set()

    def look() -> bool:
        call = second_zero.show(call_sid)
        if call["transcript_status"] == "processing" and call["progress"] is not None:
            seen.add(call["progress"])
        return bool(call["summary_status"] == "completed")

    eventually(look)
    assert len(seen) >= 4


def test_a_call_on_which_nobody_speaks_ends_without_a_summary(second_zero: System, tmp_path: Path) -> None:
    call = second_zero.final(second_zero.call(write_wav(tmp_path / "silence.wav", np.zeros((8000 * 60, 2)))))

    assert (call["outcome"], call["summary"], call["transcript"]) == ("no_speech", None, [])
    assert (call["transcript_status"], call["summary_status"]) == ("completed", "completed")


def test_a_file_that_is_not_audio_places_no_call(second_zero: System) -> None:
    refused = second_zero.try_call(ROOT / "pyproject.toml")

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "audio" in refused.stderr


def test_a_call_nobody_answers_ends_at_once_and_is_no_error(second_zero: System) -> None:
    call = second_zero.final(second_zero.call(AUDIO, "--hangup", "busy"))

    assert (call["outcome"], call["last_error"], call["call_status"]) == ("no_recording", None, "busy")


def test_a_recording_that_starts_two_seconds_late_is_noticed(second_zero: System, late_number: str) -> None:
    """The same call, answered by somebody who records only after two seconds: the check above must not pass."""
    call = second_zero.final(second_zero.call(AUDIO, "--to", late_number))

    assert missing_at_the_start(call) != []
    assert call["duration"] - call["timeline"][-3]["detail"]["seconds"] == pytest.approx(LATE_SECONDS, abs=0.6)


@pytest.fixture
def late_number(second_zero: System) -> Iterator[str]:
    """A number whose calls are answered with a recording that starts late."""
    twiml = (
        f'<Response><Pause length="{LATE_SECONDS}"/><Start><Recording channels="dual" trim="do-not-trim"'
        f' recordingStatusCallback="{second_zero.url}/webhook/handle_recording"/></Start>'
        "<Dial><Number>+14155550199</Number></Dial></Response>"
    )
    answers = Request.application(lambda request: Response(twiml, mimetype="text/xml"))
    server = make_server("127.0.0.1", 0, answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    number = second_zero.owner.number
    register(second_zero, number, f"http://127.0.0.1:{server.port}/")
    yield number
    register(second_zero, number, f"{second_zero.url}/webhook/incoming_call")
    server.shutdown()
    thread.join()
    server.server_close()


def register(second_zero: System, number: str, voice_url: str) -> None:
    listing = second_zero.listing
    book = {"voice_url": voice_url, "status_callback": f"{second_zero.url}/webhook/call_status"}
    httpx.put(
        f"{listing.url}/simulator/numbers/{number}", json=book, auth=(listing.account_sid, listing.auth_token)
    ).raise_for_status()


def write_wav(path: Path, samples: "np.typing.NDArray[np.float64]") -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
