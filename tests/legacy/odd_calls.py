"""The calls of an old installation, as odd as real life, and what is to become of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2 import connect, sql

ALICE, BOB = 1, 2
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
OLD, LAST_WEEK, TODAY = NOW - timedelta(days=400), NOW - timedelta(days=3), NOW - timedelta(hours=2)
SECRET = "hunter2SECRET"

WAITS = ("completed", "missing", "pending", "pending", None)
TEXTS_ARE_HERE = ("completed", "missing", "completed", "completed", None)
UNRECORDED = ("failed", "missing", "failed", "failed", "no_recording")
ASKED = ("pending", "missing", "pending", "pending", None)
UNREACHABLE = ("completed", "failed", "failed", "failed", "gave_up")

Ends = tuple[str, str, str, str, str | None]


@dataclass(frozen=True)
class OddCall:
    """Columns as the old system left them, the statuses and the outcome they lead to, and what else is asserted."""

    name: str
    columns: dict[str, Any]
    ends: Ends
    then: dict[str, Any] = field(default_factory=dict)
    opens: str | None = None
    """The stage that is open afterwards."""
    business: int = ALICE


def re(number: int) -> str:
    return f"RE{number:032x}"


def url(number: int, suffix: str = "") -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/AC{1:032x}/Recordings/{re(number)}{suffix}"


ENDED = {"call_status": "completed", "duration": 61, "created_at": OLD}
RECENT = ENDED | {"created_at": TODAY}
LEAK = f"401 for https://AC1:{SECRET}@api.twilio.com/x token={SECRET} +972501234567"

CALLS: Sequence[OddCall] = (
    OddCall("an address", ENDED | {"recording_url": url(1)}, WAITS, {"recording_sid": re(1), "recording_count": 1}),
    OddCall("an address with a suffix", ENDED | {"recording_url": url(2, ".mp3?x=1")}, WAITS, {"recording_sid": re(2)}),
    OddCall("a sid and an address", ENDED | {"recording_url": url(3), "recording_sid": re(3)}, WAITS),
    OddCall("a path", ENDED | {"recording_url": "recordings/CA.mp3", "recording_sid": "rec-7"}, WAITS),
    OddCall("a stored file", ENDED | {"audio_bytes_len": 9000, "audio_duration_sec": 60.5}, WAITS),
    OddCall("an address, of today", RECENT | {"recording_url": url(4)}, WAITS, opens="download"),
    OddCall("a path, of today", RECENT | {"recording_url": "/var/rec.wav"}, WAITS, opens="recording"),
    OddCall(
        "both texts",
        ENDED | {"recording_url": url(5), "final_transcript": "א", "summary": "ב", "last_error": "an old one"},
        TEXTS_ARE_HERE,
        {"final_transcript": "א", "summary": "ב", "last_error": None},
    ),
    OddCall(
        "a text in another column",
        ENDED | {"recording_url": url(6), "final_transcript": " \u00a0\n", "transcription": "שלום לכולם"},
        ("completed", "missing", "completed", "pending", None),
        {"final_transcript": " \u00a0\n"},
    ),
    OddCall(
        "a text in a third column",
        ENDED | {"transcript": "Hello."},
        ("failed", "missing", "completed", "failed", "no_recording"),
    ),
    OddCall(
        "a summary alone",
        ENDED | {"recording_url": url(7), "summary": "Who called."},
        ("completed", "missing", "pending", "completed", None),
    ),
    OddCall(
        "blanks are nothing", ENDED | dict.fromkeys(("recording_url", "recording_sid", "summary"), " "), UNRECORDED
    ),
    OddCall("None is nothing", ENDED | {"recording_url": "None", "recording_sid": "null"}, UNRECORDED),
    OddCall("empty is nothing", ENDED | {"recording_url": "", "final_transcript": "", "summary": "\t"}, UNRECORDED),
    OddCall("only a sid, old", ENDED | {"recording_sid": re(8)}, UNRECORDED, {"recording_count": 0}),
    OddCall(
        "only a sid, of this week",
        ENDED | {"recording_sid": re(9), "created_at": LAST_WEEK},
        ("recording", "missing", "pending", "pending", None),
        opens="recording",
    ),
    OddCall("busy", {"call_status": "busy", "created_at": OLD}, UNRECORDED, {"last_error": None}),
    OddCall("busy, of today", {"call_status": "BUSY ", "created_at": TODAY}, UNRECORDED, {"call_status": "busy"}),
    OddCall("unanswered", {"call_status": "no_answer", "created_at": TODAY}, UNRECORDED, {"call_status": "no-answer"}),
    OddCall("called off", {"call_status": "Cancelled", "created_at": TODAY}, UNRECORDED, {"call_status": "canceled"}),
    OddCall("failed", {"call_status": "failed", "created_at": TODAY}, UNRECORDED),
    OddCall("rejected", {"call_status": "rejected", "created_at": TODAY}, UNRECORDED, {"call_status": "rejected"}),
    OddCall("busy in the other column", {"status": "busy", "created_at": TODAY}, UNRECORDED, {"call_status": "busy"}),
    OddCall(
        "failed at its work, not on the line",
        {"status": "failed", "duration": 61, "recording_sid": re(21), "created_at": TODAY},
        ("recording", "missing", "pending", "pending", None),
        {"call_status": "in-progress"},
        opens="recording",
    ),
    OddCall(
        "a direction mark is no text",
        ENDED | {"recording_url": url(22), "final_transcript": "\u200f\n", "transcription": "שלום"},
        ("completed", "missing", "completed", "pending", None),
    ),
    OddCall("longer than any call", ENDED | {"duration": 2_000_000_000}, UNRECORDED, {"duration": None}),
    OddCall("busy, yet recorded", {"call_status": "busy", "recording_url": url(10), "created_at": OLD}, WAITS),
    OddCall("nothing, of today", RECENT, ASKED, opens="recording"),
    OddCall(
        "on the line", {"created_at": NOW, "duration": 0}, ASKED, {"call_status": "in-progress"}, opens="recording"
    ),
    OddCall("for ever on the line", {"created_at": OLD}, UNRECORDED, {"call_status": None}),
    OddCall(
        "answered, and never told of the end",
        {"created_at": OLD, "recording_url": url(11)},
        WAITS,
        {"call_status": "completed", "estimated_cost_bucket": "LOW"},
    ),
    OddCall(
        "no CallSid",
        ENDED | {"call_sid": None, "recording_url": url(12)},
        UNREACHABLE,
        {"call_sid": None},
    ),
    OddCall("an empty CallSid", ENDED | {"call_sid": ""}, UNRECORDED, {"call_sid": ""}),
    OddCall(
        "an empty CallSid with texts",
        RECENT | {"call_sid": "", "recording_url": url(13), "final_transcript": "Hi.", "summary": "Hi."},
        ("completed", "failed", "completed", "completed", "gave_up"),
    ),
    OddCall("one recording, first call", ENDED | {"recording_sid": re(14), "recording_url": url(14)}, WAITS),
    OddCall("one recording, second call", ENDED | {"recording_url": url(14)}, WAITS, business=BOB),
    OddCall("no time", ENDED | {"created_at": None, "recording_url": url(15)}, WAITS, {"created_at": None}),
    OddCall("no time, no recording", ENDED | {"created_at": None}, UNRECORDED),
    OddCall(
        "the end of time",
        ENDED | {"created_at": "infinity", "updated_at": "-infinity"},
        UNRECORDED,
        {"created_at": None},
    ),
    OddCall("before Christ", ENDED | {"created_at": "0044-03-15 BC"}, UNRECORDED, {"created_at": None}),
    OddCall("in a thousand years", ENDED | {"created_at": "12025-01-01"}, UNRECORDED, {"created_at": None}),
    OddCall(
        "an impossible length",
        ENDED | {"duration": -7, "audio_duration_sec": "NaN", "audio_bytes_len": -1},
        UNRECORDED,
        {"duration": None, "audio_duration_sec": None, "audio_bytes_len": None},
    ),
    OddCall(
        "dirty words",
        ENDED | {"direction": " OUTGOING", "twilio_direction": "outbound-api", "transcript_source": "Real_Time"},
        UNRECORDED,
        {"direction": "outbound", "transcript_source": "realtime"},
    ),
    OddCall(
        "words of nobody",
        {"call_status": "???", "direction": "sideways", "transcript_source": "x", "created_at": OLD, "duration": 0},
        UNRECORDED,
        {"call_status": None, "direction": None, "transcript_source": None},
    ),
    OddCall(
        "a mode of nobody",
        ENDED | {"recording_url": url(16), "recording_mode": "realtime"},
        WAITS,
        {"recording_mode": None},
    ),
    OddCall(
        "a mode of ours",
        ENDED | {"recording_url": url(17), "recording_mode": "twiml_recording"},
        WAITS,
        {"recording_mode": "TWIML_RECORDING"},
    ),
    OddCall(
        "statuses that were never true",
        ENDED | {"recording_status": "recording", "transcript_status": "processing", "summary_status": "Completed"},
        UNRECORDED,
    ),
    OddCall(
        "a download that is not ours",
        ENDED | {"recording_url": url(18), "recording_status": "completed", "recording_download_status": "ready"},
        WAITS,
    ),
    OddCall(
        "a download that failed",
        ENDED
        | {"recording_url": url(19), "recording_download_status": "failed", "recording_fail_count": 9}
        | {"recording_next_retry_at": "infinity", "recording_last_enqueue_at": "2999-01-01"},
        WAITS,
        {"recording_fail_count": 0, "recording_next_retry_at": None, "recording_last_enqueue_at": None},
    ),
    OddCall(
        "a secret in an error",
        ENDED | {"recording_url": url(20), "last_error": f"Transcript failed: {LEAK}"},
        WAITS,
        {"last_error": "Transcript failed: The old system was refused."},
    ),
    OddCall(
        "an error that explains",
        ENDED | {"recording_status": "failed", "last_error": f"HTTPError at /srv/{SECRET}/x.py"},
        UNRECORDED,
        {"last_error": "Recording failed: The old system failed (HTTPError)."},
    ),
    OddCall(
        "expensive",
        ENDED
        | {"stream_connect_count": 4, "webhook_11205_count": 1, "webhook_retry_count": 3, "recording_count": 2}
        | {"estimated_cost_bucket": "medium", "stream_duration_sec": "Infinity"},
        UNRECORDED,
        {"estimated_cost_bucket": "HIGH", "recording_count": 2, "stream_duration_sec": None},
    ),
    OddCall("dear", ENDED | {"stream_connect_count": 2}, UNRECORDED, {"estimated_cost_bucket": "MED"}),
)


def sid(position: int) -> str:
    return f"CA{position:032x}"


def known_columns(database_url: str) -> set[str]:
    with connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'call_log'")
        return {name for (name,) in cursor.fetchall()}


def fill(database_url: str, calls: Sequence[OddCall] = CALLS) -> dict[int, OddCall]:
    """Write those calls whose columns the database has; by the id of their rows."""
    there = known_columns(database_url)
    written: dict[int, OddCall] = {}
    with connect(database_url) as connection, connection.cursor() as cursor:
        for position, call in enumerate(calls, start=1):
            if not set(call.columns) <= there:
                continue
            row = {"call_sid": sid(position), "business_id": call.business} | call.columns
            names = sql.SQL(", ").join(map(sql.Identifier, row))
            places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
            insert = sql.SQL("INSERT INTO call_log ({}) VALUES ({}) RETURNING id").format(names, places)
            cursor.execute(insert, list(row.values()))
            (found,) = cursor.fetchone() or (0,)
            written[found] = call
    connection.close()
    return written
