"""What a call takes in PostgreSQL: bytes with indexes, and rows. Usage: python -m benchmarks.stored [CALLS]

Writes calls of three minutes with all that is kept of a call that goes well, and asks PostgreSQL how big tables are.
"""

import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from conf.settings import with_driver
from db import events, migrate, search
from db.calls import TWILIO
from db.engine import Database, connect
from db.events import Event
from db.models import CallLog, Recording, Transcript
from jobs.conversation import numbers_of
from launch import embedded
from tests.support.calls import make_business, sid

CALLS = 2000
MINUTES = 3
WORDS_A_MINUTE = 150
WORDS_A_TURN = 18
LEXICON = 3000
PEAKS_BYTES = 1600
TABLES = ("call_log", "recording", "transcript", "call_search", "call_event", "task")
STORY = (
    *((Event.CALL_STATUS, {"status": status}) for status in ("ringing", "in-progress")),
    (Event.RECORDING_STARTED, {"second": 0.2, "source": "StartCallRecordingTwiML"}),
    (Event.CALL_STATUS, {"status": "completed", "duration": 180}),
    (Event.RECORDING_COMPLETED, {"seconds": 180}),
    (Event.DOWNLOADED, {"seconds": 180.0, "bytes": 5760044}),
    (Event.TRANSCRIBED, {"turns": 25, "language": "en", "model": "base"}),
    (Event.SUMMARIZED, {"model": "offline-extractive"}),
)


def main(calls: int) -> None:
    """Write them and print the table."""
    with _database() as database:
        business_id = make_business(database)
        chance = random.Random(1)  # noqa: S311 - the same words each time
        words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(LEXICON)]
        for first in range(0, calls, 100):
            with database.transaction() as session:
                for number in range(first, first + 100):
                    _write(session, business_id, number, _turns(chance, words), chance)
        _print(database, calls)


@contextmanager
def _database() -> Iterator[Database]:
    with (
        tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        embedded.postgres(Path(folder) / "postgres", durable=False) as url,
    ):
        migrate.migrate(url)
        database = Database(connect(with_driver(url), statement_seconds=60, application="benchmark"))
        yield database
        database.engine.dispose()


def _turns(chance: random.Random, words: list[str]) -> list[dict[str, Any]]:
    """What two people say in turn, each word with its times, the common ones more often."""
    turns, at = [], 0.0
    for number in range(MINUTES * WORDS_A_MINUTE // WORDS_A_TURN):
        said = []
        for word in (words[int(chance.paretovariate(0.8)) % LEXICON] for _ in range(WORDS_A_TURN)):
            said.append([f" {word}", round(at, 2), round(at + 0.3, 2), round(chance.uniform(0.5, 1), 2)])
            at += 0.4
        side = number % 2
        whose = {"channel": side, "speaker": ("customer", "business")[side], "trust": 0.9, "language": "en"}
        spoken = "".join(str(one[0]) for one in said).strip()
        turns.append(whose | {"start": said[0][1], "end": said[-1][2], "text": spoken, "words": said})
    return turns


def _write(session: Session, business_id: int, number: int, turns: list[dict[str, Any]], chance: random.Random) -> None:
    spoken = "\n".join(f"{turn['speaker'].capitalize()}: {turn['text']}" for turn in turns)
    recording_sid = f"RE{number:032x}"
    call = CallLog(
        call_sid=sid(number),
        business_id=business_id,
        direction="inbound",
        from_number=f"+1415555{number % 10000:04}",
        to_number="+14155550100",
        call_status="completed",
        duration=MINUTES * 60,
        recording_status="completed",
        recording_sid=recording_sid,
        recording_url=f"https://api.twilio.com/2010-04-01/Accounts/AC{0:032x}/Recordings/{recording_sid}",
        recording_download_status="ready",
        transcript_status="completed",
        summary_status="completed",
        estimated_cost_bucket="LOW",
        final_transcript=spoken,
        summary=spoken[:600],
    )
    session.add(call)
    session.flush()
    known = {"status": "completed", "source": "StartCallRecordingTwiML", "channels": 2, "duration": MINUTES * 60}
    file = {"file": f"{sid(number)}/{recording_sid}-1.wav", "sha256": "a" * 64, "peaks": chance.randbytes(PEAKS_BYTES)}
    session.add(Recording(call_id=call.id, recording_sid=recording_sid, **known, **file))
    told = numbers_of(turns, MINUTES * 60)
    session.add(Transcript(call_id=call.id, turns=turns, model="base", language="en", conversation=told))
    for event, detail in STORY:
        events.note(session, call.id, event, said_by=TWILIO, **detail)
    session.flush()
    search.write(session, [call.id])


def _print(database: Database, calls: int) -> None:
    size = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    print(f"{calls} calls of {MINUTES} minutes, {WORDS_A_MINUTE} words each")
    print(f"{'table':<16}{'bytes a call':>14}{'rows a call':>14}")
    with database.transaction() as session:
        sizes = {name: (session.scalar(size, {"name": name}) or 0) / calls for name in TABLES}
        rows = {name: (session.scalar(text(f"SELECT count(*) FROM {name}")) or 0) / calls for name in TABLES}  # noqa: S608
    for name in TABLES:
        print(f"{name:<16}{sizes[name]:>14,.0f}{rows[name]:>14.1f}")
    print(f"{'all':<16}{sum(sizes.values()):>14,.0f}{sum(rows.values()):>14.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS)
