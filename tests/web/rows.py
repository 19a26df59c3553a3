"""What a test reads from the tables and the queues, and the calls it puts there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import func, select

from db.engine import Database
from db.models import Base, CallEvent, CallLog, Recording, Task, User
from tests.support.calls import sid
from tests.support.twilio import CALL_SID, RECORDING_SID
from web.house import House

FILLED_BY_A_WEBHOOK = ("call_log", "recording", "task", "call_event", "webhook_delivery")
AUDIO = bytes(range(256)) * 40
"""Stands for a recording; every byte says where it is."""

LATER = datetime(2099, 1, 1, tzinfo=UTC)


def call_of(database: Database, call_sid: str = CALL_SID) -> CallLog:
    with database.transaction() as session:
        return session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()


def statuses_of(database: Database, call_sid: str = CALL_SID) -> tuple[str | None, ...]:
    """Recording, download, transcript, summary and outcome, as in the contract's table of ends."""
    call = call_of(database, call_sid)
    return (
        call.recording_status,
        call.recording_download_status,
        call.transcript_status,
        call.summary_status,
        call.outcome,
    )


def recordings_of(database: Database) -> Sequence[Recording]:
    with database.transaction() as session:
        return session.scalars(select(Recording).order_by(Recording.recording_sid)).all()


def open_stages(database: Database) -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(select(Task.stage).order_by(Task.stage)))


def events_of(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.transaction() as session:
        return [(event.event, event.detail) for event in session.scalars(select(CallEvent).order_by(CallEvent.id))]


def said_by(database: Database) -> list[str]:
    """Who told each event."""
    with database.transaction() as session:
        return list(session.scalars(select(CallEvent.said_by).order_by(CallEvent.id)))


def user_id(database: Database, email: str) -> int:
    with database.transaction() as session:
        return session.scalars(select(User.id).where(User.email == email)).one()


def jobs_in(redis: Redis, queue: str) -> int:
    return int(redis.llen(f"rq:queue:{queue}"))


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has that webhooks write to."""
    tables = {name: Base.metadata.tables[name] for name in FILLED_BY_A_WEBHOOK}
    with database.transaction() as session:
        return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()}


def is_untouched(database: Database, redis: Redis) -> bool:
    """No row and no job."""
    return not any(counts(database).values()) and redis.dbsize() == 0


def add_call(database: Database, business_id: int | None, number: int = 1, **columns: Any) -> str:
    """A call that came in `number` minutes ago; its CallSid."""
    created = datetime.now(UTC) - timedelta(minutes=number)
    with database.transaction() as session:
        session.add(CallLog(call_sid=sid(number), business_id=business_id, **{"created_at": created} | columns))
    return sid(number)


def add_recorded_call(database: Database, business_id: int | None, **columns: Any) -> str:
    """A call whose recording the phone company has, and we have not; its CallSid."""
    known = {"recording_status": "completed", "recording_sid": RECORDING_SID, "call_status": "completed"}
    call_sid = add_call(database, business_id, **known | columns)
    with database.transaction() as session:
        call_id = session.scalars(select(CallLog.id).where(CallLog.call_sid == call_sid)).one()
        session.add(Recording(call_id=call_id, recording_sid=RECORDING_SID, status="completed"))
    return call_sid


def add_fetched_call(house: House, business_id: int | None, audio: bytes = AUDIO, **columns: Any) -> str:
    """A call whose recording is in our storage; its CallSid."""
    call_sid = add_recorded_call(house.database, business_id, recording_download_status="ready", **columns)
    name = f"{call_sid}/{RECORDING_SID}-1.wav"
    house.storage.save(name, [audio], lambda path: None)
    with house.database.transaction() as session:
        session.scalars(select(Recording)).one().file = name
    return call_sid
