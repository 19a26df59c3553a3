"""Calls at every point of their life, written straight into the tables."""

import math
import struct
import wave
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from db import events
from db.calls import TWILIO
from db.engine import Database
from db.events import Event
from db.models import CallLog, Recording, Task, Transcript
from db.words import Stage
from jobs.conversation import numbers_of
from web.house import House

RATE = 8000
NAME = "2025/sample.wav"

SUMMARY = "Sarah Cooper wants her oak table on Tuesday morning not on Thursday.\nHer address is now 25 Maple Street."
TURNS: list[dict[str, Any]] = [
    {"channel": 1, "speaker": "business", "start": 0.2, "end": 2.4, "text": "Green Valley Furniture, how can I help?"},
    {
        "channel": 0,
        "speaker": "customer",
        "start": 2.6,
        "end": 5.0,
        "text": "I am calling about order number 4729.",
        "trust": 0.6,
    },
    {"channel": 0, "speaker": "customer", "start": 5.2, "end": 8.0, "text": "Can you bring it on Tuesday instead?"},
    {
        "channel": 1,
        "speaker": "business",
        "start": 8.2,
        "end": 11.0,
        "text": "Yes, Tuesday morning, at ten o'clock.",
    },
]
WORDS: list[dict[str, Any]] = [
    {
        "channel": 1,
        "speaker": "business",
        "start": 0.2,
        "end": 2.4,
        "text": "Green Valley, how can I help?",
        "trust": 0.95,
        "language": "en",
        "words": [
            [" Green", 0.2, 0.6, 0.9],
            [" Valley,", 0.6, 1.0, 0.98],
            [" how", 1.2, 1.4, 0.99],
            [" can", 1.4, 1.6, 0.99],
            [" I", 1.6, 1.7, 0.99],
            [" help?", 1.7, 2.4, 0.99],
        ],
    },
    {
        "channel": 0,
        "speaker": "customer",
        "start": 2.6,
        "end": 6.0,
        "text": "Order 4729, can't you bring it on Tuesday?",
        "trust": 0.7,
        "language": "en",
        "words": [
            [" Order", 2.6, 3.0, 0.9],
            [" 4729,", 3.0, 4.0, 0.4],
            [" can", 4.1, 4.3, 0.9],
            ["'t", 4.3, 4.4, 0.9],
            [" you", 4.4, 4.6, 0.9],
            [" bring", 4.6, 4.9, 0.9],
            [" it", 4.9, 5.0, 0.9],
            [" on", 5.0, 5.2, 0.9],
            [" Tuesday?", 5.2, 6.0, 0.6],
        ],
    },
    {
        "channel": 1,
        "speaker": "business",
        "start": 5.4,
        "end": 8.0,
        "text": "Yes, at ten.",
        "trust": 0.97,
        "language": "en",
        "words": [[" Yes,", 5.4, 6.4, 0.97], [" at", 6.6, 7.0, 0.97], [" ten.", 7.0, 8.0, 0.97]],
    },
]
"""With words, as we transcribe; the business cuts in at 5.4."""
HEBREW_TURNS: list[dict[str, Any]] = [
    {"channel": 1, "speaker": "business", "start": 0.2, "end": 2.4, "text": "רהיטי העמק הירוק, במה אפשר לעזור?"},
    {"channel": 0, "speaker": "customer", "start": 2.6, "end": 5.0, "text": "אני מתקשרת בקשר להזמנה 4729."},
]
HEBREW_SUMMARY = "שרה כהן מבקשת להעביר את המשלוח של הזמנה 4729 ליום שלישי בבוקר."

BARE: dict[str, Any] = {"call_status": "completed", "direction": "inbound", "duration": 221}
ON_THE_LINE = {"call_status": "in-progress", "direction": "inbound", "recording_status": "recording"}
DONE = BARE | {
    "recording_status": "completed",
    "recording_download_status": "ready",
    "transcript_status": "completed",
    "summary_status": "completed",
    "estimated_cost_bucket": "LOW",
}
WAITING_FOR_PLAY = BARE | {"recording_status": "completed", "recording_download_status": "missing"}
FETCHED = BARE | {"recording_status": "completed", "recording_download_status": "ready"}
UNRECORDED = BARE | {
    "call_status": "no-answer",
    "duration": 0,
    "recording_status": "failed",
    "transcript_status": "failed",
    "summary_status": "failed",
    "outcome": "no_recording",
}
GIVEN_UP = BARE | {
    "recording_status": "completed",
    "recording_download_status": "failed",
    "transcript_status": "failed",
    "summary_status": "failed",
    "outcome": "gave_up",
    "last_error": "Recording failed: The phone company answered with error 500.",
}
NO_SUMMARY = DONE | {
    "summary_status": "failed",
    "outcome": "gave_up",
    "last_error": "Summary failed: The summary server did not answer in time.",
}


def call_sid(number: int) -> str:
    return f"CA{number:032x}"


def add_call(database: Database, business_id: int | None, number: int, **fields: Any) -> str:
    """A call that came in `number` minutes ago; its CallSid."""
    now = datetime.now(UTC)
    known = {"from_number": f"+1415555{number:04d}", "to_number": "+14155550101"} | fields
    with database.transaction() as session:
        created = now - timedelta(minutes=number)
        session.add(CallLog(call_sid=call_sid(number), business_id=business_id, created_at=created, **known))
    return call_sid(number)


def open_stage(
    database: Database, sid: str, stage: Stage, progress: int | None = None, due_at: datetime | None = None
) -> None:
    """The stage is open; with a progress a worker is at it."""
    taken = {} if progress is None else {"claim": 1, "lease_until": datetime.now(UTC) + timedelta(hours=1)}
    taken |= {"due_at": due_at} if due_at else {}
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        session.add(Task(call_id=call.id, stage=stage, business_id=call.business_id or 0, progress=progress, **taken))


def change(database: Database, sid: str, **fields: Any) -> None:
    """What a worker would have written."""
    with database.transaction() as session:
        session.execute(update(CallLog).where(CallLog.call_sid == sid).values(fields))


def close_stages(database: Database, sid: str) -> None:
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        session.query(Task).filter_by(call_id=call.id).delete()


def add_transcript(database: Database, sid: str, turns: Sequence[dict[str, Any]] = TURNS) -> None:
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        session.add(
            Transcript(
                call_id=call.id,
                turns=list(turns),
                language="en",
                model="sample",
                conversation=numbers_of(turns, turns[-1]["end"]) if turns else None,
            )
        )


def change_transcript(database: Database, sid: str, turns: Sequence[dict[str, Any]]) -> None:
    """As if it had been written down once more."""
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        session.get_one(Transcript, call.id).turns = list(turns)


def long_talk(words: int) -> list[dict[str, Any]]:
    """Both in turn, twenty words each, one every .36 seconds: 20,000 last two hours."""
    turns = []
    for first in range(0, words, 20):
        said = [
            [f" w{number}", round(number * 0.36, 2), round(number * 0.36 + 0.3, 2), 0.9]
            for number in range(first, first + 20)
        ]
        side = first // 20 % 2
        turns.append(
            {
                "channel": side,
                "speaker": ("customer", "business")[side],
                "start": said[0][1],
                "end": said[-1][2],
                "text": "".join(str(word[0]) for word in said).strip(),
                "trust": 0.9,
                "language": "en",
                "words": said,
            }
        )
    return turns


def add_event(database: Database, sid: str, event: str, **detail: Any) -> None:
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        events.note(session, call.id, Event(event), said_by=TWILIO, **detail)


def add_story(database: Database, sid: str) -> None:
    """The events of a call that went well."""
    told: Sequence[tuple[Event, dict[str, Any]]] = (
        (Event.CALL_STATUS, {"status": "ringing"}),
        (Event.CALL_STATUS, {"status": "in-progress"}),
        (Event.RECORDING_STARTED, {"second": 0}),
        (Event.CALL_STATUS, {"status": "completed", "duration": 221}),
        (Event.RECORDING_COMPLETED, {"seconds": 221}),
        (Event.DOWNLOADED, {"seconds": 221.0, "bytes": 7072044}),
        (Event.TRANSCRIBED, {"turns": 4}),
        (Event.SUMMARIZED, {"model": "sample"}),
    )
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        for event, detail in told:
            events.note(session, call.id, event, said_by=TWILIO, **detail)


def keep_recording(house: House, folder: Path, sid: str, seconds: float = 12) -> None:
    """Our copy of the recording: a quiet tone on two channels."""
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(b"".join(_frame(number) for number in range(int(seconds * RATE))))
    with house.database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=sid).one()
        call.recording_sid, call.recording_download_status = f"RE{sid[2:]}", "ready"
        session.add(Recording(call_id=call.id, recording_sid=f"RE{sid[2:]}", status="completed", file=NAME))


def _frame(number: int) -> bytes:
    sample = int(2000 * math.sin(2 * math.pi * 440 * number / RATE))
    return struct.pack("<hh", sample, sample)
