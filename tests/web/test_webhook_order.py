"""Events come in any order and more than once: the rows are the same."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from db.engine import POOL_SIZE, Database
from db.models import CallEvent, CallLog, Recording, Task
from tests.support.calls import sid
from tests.support.people import People
from tests.support.twilio import RECORDING_SID, Twilio
from tests.web import rows, variants
from tests.web.payloads import THEIRS
from web.house import House

Tell = Callable[[Twilio, str, str], None]

HOURS = {"initiated": 0, "ringing": 1, "in-progress": 2, "completed": 9}
AT = {status: f"Tue, 05 Mar 2024 14:03:{second:02} +0000" for status, second in HOURS.items()}
OF_THIS_ROW = {"id", "call_sid", "recording_sid", "recording_url", "created_at", "updated_at"}
"""Columns in which two calls differ by nature."""

WHEN_IT_HAPPENED_HERE = {"recording_last_enqueue_at"}
AT_ONCE = POOL_SIZE
"""As many as one process asks the database at a time; the others wait for their turn."""


def status(name: str) -> Tell:
    def tell(twilio: Twilio, call_sid: str, recording_sid: str) -> None:
        length = {"CallDuration": "7"} if name == "completed" else {}
        parties = {"From": THEIRS, "To": "+14155550101", "Direction": "inbound"}
        answer = twilio.tells("call_status", CallSid=call_sid, CallStatus=name, Timestamp=AT[name], **parties, **length)
        assert answer.status_code == 204

    return tell


def recording(name: str) -> Tell:
    def tell(twilio: Twilio, call_sid: str, recording_sid: str) -> None:
        length = "7" if name == "completed" else "-1"
        answer = twilio.says_of_recording(name, CallSid=call_sid, RecordingSid=recording_sid, RecordingDuration=length)
        assert answer.status_code == 204

    return tell


FOUR = [status("in-progress"), status("completed"), recording("in-progress"), recording("completed")]
FIVE = [*map(status, HOURS), recording("completed")]


@pytest.fixture
def patient(house: House) -> Twilio:
    """Tells a house in which no call waits for a slot, so that one call's rows do not depend on another's."""
    return Twilio(variants.client_of(variants.under(house, business_slots=1000)))


def rows_of(database: Database, number: int) -> Mapping[str, Any]:
    """Everything stored of a call but what differs by nature."""
    with database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == sid(number))).one()
        recordings = session.scalars(select(Recording).where(Recording.call_id == call.id)).all()
        tasks = session.scalars(select(Task).where(Task.call_id == call.id)).all()
        events = session.scalars(select(CallEvent).where(CallEvent.call_id == call.id)).all()
        assert call.recording_sid == recording_sid(number)
        return {
            "call": columns(call, OF_THIS_ROW | WHEN_IT_HAPPENED_HERE),
            "recordings": [columns(row, OF_THIS_ROW | {"call_id"}) for row in recordings],
            "tasks": [(task.stage, task.business_id, task.attempts, task.claim) for task in tasks],
            "events": sorted((event.event, str(event.once).replace(recording_sid(number), "RE")) for event in events),
        }


def columns(row: CallLog | Recording, but: set[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__table__.columns.keys() if name not in but}  # noqa: SIM118 - columns of a table, not keys of a dict


def recording_sid(number: int) -> str:
    return f"RE{number:032x}"


def tell_in(twilio: Twilio, number: int, events: Sequence[Tell]) -> None:
    for tell in events:
        tell(twilio, sid(number), recording_sid(number))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(FOUR, id="24 orders of four events"),
        pytest.param(FIVE, id="120 orders of five", marks=pytest.mark.slow),
    ],
)
def test_every_order_gives_the_same_rows(
    events: list[Tell], patient: Twilio, people: People, database: Database
) -> None:
    orders = list(permutations(events))

    for number, order in enumerate(orders, 1):
        tell_in(patient, number, order)

    usual = rows_of(database, 1)
    assert usual["call"]["recording_status"] == "completed"
    assert usual["call"]["call_status"] == "completed"
    for number in range(2, len(orders) + 1):
        assert rows_of(database, number) == usual, f"order {number}"


def test_doubled_events_give_the_same_rows_as_single_ones(
    patient: Twilio, people: People, database: Database, redis: Redis
) -> None:
    tell_in(patient, 1, FOUR)
    tell_in(patient, 2, FOUR + FOUR)
    tell_in(patient, 3, [event for event in reversed(FOUR) for _ in range(2)])

    assert rows_of(database, 2) == rows_of(database, 1)
    assert rows_of(database, 3) == rows_of(database, 1)
    assert rows.jobs_in(redis, "recordings") == 3


def test_the_same_event_many_times_at_once_is_one_event(
    house: House, people: People, database: Database, redis: Redis
) -> None:
    def tell(_: int) -> int:
        return Twilio(app.test_client()).says_of_recording("completed", token="the-same").status_code

    app = variants.client_of(house).application
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(tell, range(50)))

    assert answers == [204] * 50
    assert rows.counts(database) == {
        "call_log": 1,
        "recording": 1,
        "task": 2,
        "call_event": 2,
        "webhook_delivery": 1,
    }
    assert rows.call_of(database).webhook_retry_count == 49
    assert rows.jobs_in(redis, "recordings") == 1


def test_a_status_never_moves_down(twilio: Twilio, database: Database) -> None:
    seen = []
    for name in ("ringing", "initiated", "in-progress", "ringing", "completed", "in-progress", "busy", "queued"):
        twilio.tells("call_status", CallStatus=name)
        seen.append(rows.call_of(database).call_status)

    assert seen == ["ringing", "ringing", "in-progress", "in-progress", *["completed"] * 4]


def test_what_is_known_of_a_call_is_not_overwritten_by_a_later_event(twilio: Twilio, database: Database) -> None:
    twilio.tells("call_status", CallStatus="ringing", From=THEIRS, To="+14155550101", Direction="inbound")
    twilio.tells("call_status", CallStatus="completed", From="+1000", To="+1000", CallDuration="7", Direction="")
    twilio.tells("call_status", CallStatus="completed", CallDuration="9")

    call = rows.call_of(database)
    assert (call.from_number, call.to_number, call.direction, call.duration) == (THEIRS, "+14155550101", "inbound", 7)


def test_a_recording_that_completed_stays_completed(twilio: Twilio, database: Database) -> None:
    for name in ("completed", "in-progress", "absent", "failed"):
        twilio.says_of_recording(name, RecordingDuration="11")

    assert rows.statuses_of(database) == ("completed", "queued", "pending", "pending", None)
    assert rows.recordings_of(database)[0].status == "completed"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("call_status", {"CallStatus": "in-progress"}),
        ("handle_recording", {"RecordingSid": RECORDING_SID, "RecordingStatus": "in-progress"}),
        ("stream_status", {"StreamSid": "MZ" + "3" * 32, "StreamEvent": "stream-started"}),
        ("stream_ended", {}),
    ],
)
def test_an_event_of_a_call_that_nobody_has_heard_of_makes_the_call(
    path: str, fields: dict[str, str], twilio: Twilio, database: Database
) -> None:
    twilio.tells(path, **fields)

    call = rows.call_of(database)
    assert (call.business_id, call.from_number) == (None, None)


def test_a_late_announcement_does_not_say_that_the_call_was_answered_after_it_ended(
    twilio: Twilio, people: People, database: Database
) -> None:
    twilio.tells("call_status", CallStatus="completed", CallDuration="7")
    twilio.calls_in(people.alice.number)

    call = rows.call_of(database)
    assert (call.answered_at, call.call_status) == (None, "completed")
    assert call.business_id == people.alice.business_id


def test_only_a_repeated_idempotency_token_counts_as_a_retry(twilio: Twilio, database: Database) -> None:
    for token in ("one", "two", "two", None, None, "two", "one"):
        twilio.tells("call_status", CallStatus="ringing", token=token)

    assert rows.call_of(database).webhook_retry_count == 3
