"""A stand-in for the old system that goes on writing while its database is migrated."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2

from tests.conftest import execute

FILL = """
INSERT INTO call_log (call_sid, business_id, from_number, to_number, direction, duration, call_status, recording_url,
    recording_sid, final_transcript, summary, created_at, updated_at)
SELECT 'CA' || lpad(to_hex(n), 32, '0'), n % 3 + 1, '+1415555' || n % 9999, '+14155550101', 'inbound', n % 600,
    (ARRAY['completed', 'completed', 'completed', 'busy', 'no-answer', 'in-progress'])[n % 6 + 1],
    CASE WHEN n % 6 < 3 THEN 'https://api.twilio.com/Accounts/AC0/Recordings/RE' || lpad(to_hex(n), 32, '0') END,
    CASE WHEN n % 6 < 2 THEN 'RE' || lpad(to_hex(n), 32, '0') END,
    CASE WHEN n % 3 = 0 THEN repeat('What somebody said on the telephone. ', 15) END,
    CASE WHEN n % 3 = 0 THEN repeat('What it was about. ', 10) END,
    timezone('utc', now()) - n * interval '1 minute', timezone('utc', now())
FROM generate_series(1, {calls}) n;
VACUUM ANALYZE call_log
"""

INSERT = """INSERT INTO call_log (business_id, call_sid, from_number, to_number, created_at, updated_at)
VALUES (1, %s, '+14155550123', '+14155550101', timezone('utc', now()), timezone('utc', now()))"""
UPDATE = """UPDATE call_log SET call_status = 'completed', duration = %s, recording_url = %s, updated_at = now()
WHERE call_sid = %s"""
TOUCH = "UPDATE call_log SET transcription = %s WHERE id = %s"

A_SECOND = 20
"""Inserts and updates."""


def fill(url: str, calls: int) -> None:
    """Calls of years, as the old system left them."""
    for statement in FILL.format(calls=calls).split(";"):
        execute(url, statement)


@dataclass
class Diary:
    """What the old system wrote, and how long it had to wait for it; seconds."""

    inserted: dict[str, int] = field(default_factory=dict)
    touched: dict[int, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextmanager
def running(url: str, calls: int) -> Iterator[Diary]:
    """It writes until the block ends."""
    diary, over = Diary(), threading.Event()
    writer = threading.Thread(target=_write, args=(url, calls, diary, over))
    writer.start()
    try:
        yield diary
    finally:
        over.set()
        writer.join()


def _write(url: str, calls: int, diary: Diary, over: threading.Event) -> None:
    connection = psycopg2.connect(url)
    draw = random.Random(1)
    turn = 0
    began = time.monotonic()
    while not over.is_set():
        turn += 1
        call_sid = f"CAbeef{turn:028x}"
        try:
            with _timed(diary), connection, connection.cursor() as cursor:
                cursor.execute(INSERT, (call_sid,))
            with _timed(diary), connection, connection.cursor() as cursor:
                cursor.execute(UPDATE, (turn, f"https://example.com/{turn}", call_sid))
            diary.inserted[call_sid] = turn
            row, words = draw.randint(1, calls), f"words {turn}"
            with _timed(diary), connection, connection.cursor() as cursor:
                cursor.execute(TOUCH, (words, row))
            diary.touched[row] = words
        except psycopg2.Error as error:
            diary.problems.append(str(error))
        time.sleep(max(0.0, began + turn * 2 / A_SECOND - time.monotonic()))
    connection.close()


@contextmanager
def _timed(diary: Diary) -> Iterator[None]:
    began = time.monotonic()
    yield
    diary.waits.append(time.monotonic() - began)


def lost(url: str, diary: Diary) -> list[str]:
    """What it wrote and is not there."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT call_sid, duration FROM call_log WHERE call_sid LIKE 'CAbeef%'")
        inserted = dict(cursor.fetchall())
        cursor.execute("SELECT id, transcription FROM call_log WHERE transcription IS NOT NULL")
        touched = dict(cursor.fetchall())
    connection.close()
    return [
        *(sid for sid, turn in diary.inserted.items() if inserted.get(sid) != turn),
        *(str(row) for row, words in diary.touched.items() if touched.get(row) != words),
    ]
