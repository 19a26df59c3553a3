"""The calls of an old installation as their rows show them, a batch at a time, in types that can be computed with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, text

from db.texts import SOMETHING

TIMES = (
    "created_at",
    "updated_at",
    "stream_started_at",
    "stream_ended_at",
    "recording_last_enqueue_at",
    "recording_next_retry_at",
)
WORDS = (
    "call_status",
    "status",
    "direction",
    "twilio_direction",
    "recording_status",
    "recording_mode",
    "recording_sid",
    "recording_url",
    "last_error",
    "transcript_source",
    "outcome",
)
TEXTS = ("call_sid", "final_transcript", "transcription", "transcript", "summary")
"""Long, or not to be read: all that counts is whether there is something in them."""

NUMBERS = (
    "business_id",
    "duration",
    "audio_bytes_len",
    "audio_duration_sec",
    "stream_duration_sec",
    "recording_count",
    "stream_connect_count",
    "webhook_11205_count",
    "webhook_retry_count",
)

FIRST_DAY = "1971-01-01"
"""Older times come from clocks that were not set: nobody had a telephone API then."""

POSSIBLE = f"BETWEEN TIMESTAMP '{FIRST_DAY}' AND timezone('utc', now()) + INTERVAL '1 day'"


@dataclass(frozen=True)
class OldCall:
    """One row. Times that no call can have are None and kept as text in `impossible`."""

    id: int
    words: Mapping[str, str | None]
    numbers: Mapping[str, Any]
    has: Mapping[str, bool]
    times: Mapping[str, datetime | None]
    impossible: Mapping[str, str] = field(default_factory=dict)


def columns_of(connection: Connection) -> set[str]:
    """Which columns call_log has here."""
    found = text(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('call_log') AND attnum > 0 AND NOT attisdropped"
    )
    return set(connection.scalars(found))


def time_for_none(connection: Connection) -> datetime | None:
    """What a call without a time gets: none, but where the old table insists on one."""
    insists = text(
        "SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass('call_log') AND attname = 'created_at'"
    )
    return datetime.fromisoformat(FIRST_DAY) if connection.scalar(insists) else None


def next_batch(connection: Connection, there: set[str], *, after: int, size: int) -> Sequence[OldCall]:
    """The next rows that nobody has adopted, locked: those that are ours have a story or an open stage."""
    times = [name for name in TIMES if name in there]
    shown = ", ".join(
        [f"c.{name}" for name in (*WORDS, *NUMBERS) if name in there]
        + [f"c.{name} ~ :something AS has_{name}" for name in TEXTS if name in there]
        + [f"CASE WHEN c.{name} {POSSIBLE} THEN {_in_utc(name)} END AS {name}" for name in times]
        + [f"CASE WHEN c.{name} NOT {POSSIBLE} THEN c.{name}::text END AS odd_{name}" for name in times]
    )
    not_deleted = "AND c.deleted_at IS NULL" if "deleted_at" in there else ""  # a tombstone has no story any more
    statement = text(
        f"""SELECT c.id, {shown} FROM call_log c
        WHERE c.id > :after {not_deleted}
            AND NOT EXISTS (SELECT FROM call_event e WHERE e.call_id = c.id)
            AND NOT EXISTS (SELECT FROM task t WHERE t.call_id = c.id)
        ORDER BY c.id LIMIT :size FOR NO KEY UPDATE OF c"""  # noqa: S608 - the names are our own
    ).bindparams(bindparam("something", SOMETHING))
    rows = connection.execute(statement, {"after": after, "size": size}).mappings().all()
    return [_old_call(row) for row in rows]


def _in_utc(time: str) -> str:
    """The session's zone is UTC: naive, whether the column has a zone or not."""
    return f"CAST(c.{time} AS timestamp)"


def _old_call(row: RowMapping) -> OldCall:
    return OldCall(
        id=row["id"],
        words={name: row.get(name) for name in WORDS},
        numbers={name: row.get(name) for name in NUMBERS},
        has={name: bool(row.get(f"has_{name}")) for name in TEXTS},
        times={name: row.get(name) for name in TIMES},
        impossible={name: row[f"odd_{name}"] for name in TIMES if row.get(f"odd_{name}")},
    )


CONTESTED = r"""SELECT sid FROM (
    SELECT coalesce(
        substring(recording_sid FROM '^\s*(RE[0-9a-f]{32})\s*$'), substring(recording_url FROM 'RE[0-9a-f]{32}'))
    FROM call_log) AS claims (sid)
WHERE sid IS NOT NULL GROUP BY sid HAVING count(*) > 1"""


def contested_recordings(connection: Connection) -> set[str]:
    """RecordingSids that several calls name: the phone company knows whose they are, and is asked when it matters."""
    return set(connection.scalars(text(CONTESTED)))
