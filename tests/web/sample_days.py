"""Days with calls of every kind, and how long each stage of them took."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.engine import Database
from db.models import CallEvent, CallLog
from tests.web import sample_calls as sample
from tests.web.rows import add_call

ENDINGS: dict[str, dict[str, Any]] = {
    "done": sample.DONE,
    "empty": sample.DONE | {"outcome": "no_speech"},
    "missed": sample.UNRECORDED,
    "waiting": sample.FETCHED,
    "failed": sample.GIVEN_UP,
}
"""A call of each, by how the dashboard counts it."""


def add(database: Database, business_id: int | None, at: datetime, number: int = 1, **fields: Any) -> str:
    """A call that came in at a moment; its CallSid."""
    known = {"from_number": f"+1415555{number:04d}", "to_number": "+14155550101", "created_at": at}
    return add_call(database, business_id, number, **known | fields)


def add_life(database: Database, call_sid: str, *, second: float = 0, **seconds: float) -> None:
    """The call's events, so many seconds after it hung up, by name; its recording began at that second."""
    with database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=call_sid).one()
        length = float(call.duration or 0)
        hung_up = (call.created_at or datetime.now(UTC)) + timedelta(seconds=length)
        told: list[tuple[str, float, dict[str, Any]]] = [
            ("call_status", -length, {"status": "in-progress"}),
            ("recording_started", -length, {"second": second}),
            ("call_status", 0, {"status": "completed"}),
            ("recording_completed", 2, {}),
            *((event, late, {}) for event, late in seconds.items()),
        ]
        session.add_all(
            CallEvent(call_id=call.id, event=event, at=hung_up + timedelta(seconds=late), detail=detail, said_by="test")
            for event, late, detail in told
        )


def fill(database: Database, business_id: int, days: int = 14) -> None:
    """So many days; the numbers of the calls begin at 100."""
    now, number = datetime.now(UTC), 100
    for ago in range(days):
        for ending, many in _on_a_day(ago).items():
            for one in range(many):
                number += 1
                at = now - timedelta(days=ago, minutes=2 + 7 * one)
                sid = add(database, business_id, at, number, **ENDINGS[ending])
                if ending == "done":
                    late = 20 + 6 * one + ago
                    add_life(database, sid, second=0.2, downloaded=3 + one, transcribed=late, summarized=late + 4)


def _on_a_day(ago: int) -> dict[str, int]:
    return {"done": 9 + ago % 4 * 3, "empty": 1, "missed": 2 + ago % 3, "waiting": 0 if ago else 2}
