"""Where a call stands and why, in one sentence, for every state it can be in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, request
from flask_babel import Babel

from db.lines import Place
from db.models import CallLog, Task
from web.explain import Standing, explain

NOW = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
SOON, AGO = NOW + timedelta(minutes=4), NOW - timedelta(minutes=4)

CALL = {
    "call_status": "completed",
    "recording_status": "completed",
    "recording_download_status": "ready",
    "transcript_status": "pending",
    "summary_status": "pending",
}
COMING = CALL | {"recording_download_status": "missing"}
DONE = CALL | {"transcript_status": "completed", "summary_status": "completed"}
UNTOLD = COMING | {"recording_status": "recording"}
LOST = UNTOLD | {"recording_status": "failed", "transcript_status": "failed", "summary_status": "failed"}
BROKEN = LOST | {"recording_status": "completed", "recording_download_status": "failed"}
TEXTS_FAILED = CALL | {"transcript_status": "failed", "summary_status": "failed"}


def told(stage: str, error: str) -> str:
    return f"{stage} failed: {error}"


def at(stage: str, *, place: Place | None = None, **columns: Any) -> Standing:
    """An open task of the stage, due unless it says otherwise, in a line with three slots."""
    task = Task(call_id=1, stage=stage, business_id=1, **{"due_at": AGO, "progress": None} | columns)
    return Standing(task, NOW, place, slots=3)


def held(until: datetime = SOON, **columns: Any) -> dict[str, Any]:
    return {"claim": 7, "lease_until": until} | columns


ERROR = "The summary server did not answer in time."
NO_ANSWER = "The phone company did not answer."
FULL = "Our disk is full."

STORIES: dict[str, tuple[dict[str, Any], Standing | None, str]] = {
    "dialling": (UNTOLD | {"call_status": "ringing", "recording_status": "pending"}, at("recording"), "about to start"),
    "on the line": (UNTOLD | {"call_status": "in-progress"}, at("recording", due_at=SOON), "being recorded"),
    "unknown": (UNTOLD | {"call_status": None}, at("recording"), "Nothing is known of the call yet"),
    "hung up": (UNTOLD, at("recording"), "is being asked for the recording"),
    "hung up, asked later": (UNTOLD, at("recording", due_at=SOON), "is asked for it at 12:04"),
    "the phone company is down": (
        UNTOLD | {"last_error": told("Recording", NO_ANSWER)},
        at("recording", due_at=SOON),
        f"{NO_ANSWER} Next try 12:04",
    ),
    "who looked is gone": (UNTOLD, at("recording", **held(AGO)), "gone silent"),
    "finished": (COMING, at("download"), "waits to be downloaded"),
    "in line": (COMING, at("download", place=Place(ahead=4, held=3)), "one of 3 slots, 4 calls ahead"),
    "second in line": (COMING, at("download", place=Place(ahead=1, held=3)), "one of 3 slots, 1 call ahead"),
    "first in line": (COMING, at("download", place=Place(ahead=0, held=3)), "one of 3 slots, next in line"),
    "a slot is free": (COMING, at("download", place=Place(ahead=0, held=2)), "waits to be downloaded"),
    "coming": (COMING | {"recording_download_status": "downloading"}, at("download", **held()), "being downloaded."),
    "coming once more": (
        DONE | {"recording_download_status": "downloading", "audio_bytes_len": 9},
        at("download", **held()),
        "downloaded once more",
    ),
    "lost and missed": (
        DONE | {"recording_download_status": "queued", "audio_bytes_len": 9},
        at("download"),
        "to be downloaded once more",
    ),
    "not there yet": (COMING, at("download", due_at=SOON), "does not have the file yet; next try 12:04"),
    "not there yet, after an error": (
        COMING | {"last_error": told("Recording", NO_ANSWER)},
        at("download", due_at=SOON),
        "does not have the file yet; next try 12:04",
    ),
    "our disk is full": (
        COMING | {"last_error": told("Recording", FULL)},
        at("download", due_at=SOON),
        f"{FULL} Next try 12:04",
    ),
    "download failed once": (
        COMING | {"recording_download_status": "failed", "last_error": told("Recording", NO_ANSWER)},
        at("download", due_at=SOON),
        f"{NO_ANSWER} Next try 12:04",
    ),
    "here": (CALL, at("transcript"), "waits to be transcribed"),
    "here, forgotten": (CALL, None, "waits to be transcribed"),
    "being written": (CALL, at("transcript", **held(progress=40)), "being written: 40"),
    "whoever wrote is gone": (CALL, at("transcript", **held(AGO)), "about to be taken over"),
    "our own outage": (CALL, at("transcript", due_at=SOON), "costs the call nothing; next try 12:04"),
    "written": (DONE | {"summary_status": "pending"}, at("summary"), "waits to be summed up"),
    "written, forgotten": (DONE | {"summary_status": "pending"}, None, "waits to be summed up"),
    "being summed up": (DONE | {"summary_status": "processing"}, at("summary", **held()), "summary is being written"),
    "summary failed once": (
        DONE | {"summary_status": "pending", "last_error": told("Summary", ERROR)},
        at("summary", due_at=SOON),
        f"{ERROR} Next try 12:04",
    ),
    "asked for again": (LOST | {"outcome": "no_speech"}, at("transcript", **held(progress=5)), "being written: 5"),
    "done": (DONE, None, "Everything is done"),
    "done, its end unknown": (DONE | {"call_status": "ringing"}, at("recording", due_at=SOON), "how the call ended"),
    "done, redone in vain": (DONE | {"last_error": told("Summary", ERROR)}, None, f"failed. Summary: {ERROR}"),
    "done before we came": (DONE | {"recording_download_status": "missing"}, None, "texts are here; press play"),
    "adopted": (COMING, None, "press play to have it fetched"),
    "nobody spoke": (DONE | {"outcome": "no_speech"}, None, "Nobody spoke"),
    "never recorded": (LOST | {"outcome": "no_recording"}, None, "was not recorded"),
    "could not be recorded": (
        LOST
        | {
            "outcome": "no_recording",
            "last_error": told("Recording", "the phone company could not make the recording"),
        },
        None,
        "Failed for good: Recording: The phone company could not",
    ),
    "too short": (LOST | {"outcome": "too_short"}, None, "too short"),
    "silent": (LOST | {"outcome": "silent"}, None, "only silence"),
    "call deleted": (LOST | {"outcome": "gone"}, None, "Failed for good: the phone company does not know the call"),
    "recording deleted": (BROKEN | {"outcome": "gone"}, None, "Failed for good: the recording was deleted"),
    "file gone": (TEXTS_FAILED | {"outcome": "gone"}, None, "Failed for good: the recording's file is not in our"),
    "not audio": (BROKEN | {"outcome": "not_audio"}, None, "Failed for good: the phone company's file is not audio"),
    "given up": (
        BROKEN | {"outcome": "gave_up", "last_error": told("Recording", NO_ANSWER)},
        None,
        f"Failed for good, no attempt is left. Recording: {NO_ANSWER}",
    ),
    "given up, nobody knows why": (BROKEN | {"outcome": "gave_up"}, None, "Failed for good, no attempt is left."),
    "failed before we came": (
        TEXTS_FAILED | {"last_error": told("Transcript", "The worker stopped in the middle of it.")},
        None,
        "Failed for good: Transcript: The worker stopped",
    ),
}


@pytest.fixture(scope="module")
def app() -> Flask:
    """Nothing but the languages: no story here is read from a database."""
    app = Flask("web")
    Babel(app, locale_selector=lambda: request.args["lang"])
    return app


def told_in(language: str, app: Flask, name: str) -> str:
    columns, standing, _ = STORIES[name]
    with app.test_request_context(f"/?lang={language}"):
        return explain(CallLog(**columns), standing)


@pytest.mark.parametrize("name", STORIES)
def test_every_state_of_a_call_is_told_in_one_sentence(name: str, app: Flask) -> None:
    english = told_in("en", app, name)

    assert STORIES[name][2] in english
    assert english.endswith(".")


@pytest.mark.parametrize("name", STORIES)
def test_whoever_reads_hebrew_reads_no_english(name: str, app: Flask) -> None:
    hebrew = told_in("he", app, name)

    assert any("א" <= letter <= "ת" for letter in hebrew)
    assert not any("a" <= letter <= "z" for letter in hebrew), hebrew


def test_no_two_stories_but_those_that_mean_the_same_are_told_alike(app: Flask) -> None:
    told = [told_in("en", app, name) for name in STORIES]

    assert len(set(told)) >= len(STORIES) - 6
