"""How many calls are ahead: those that wait for a slot before this one, and no others."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import func, select, update

from db import lines
from db.engine import Database
from db.lines import Place
from db.models import CallLog, Task
from db.tasks import seconds
from db.words import Stage
from tests.support.calls import make_business, make_calls, sid

LATER = datetime(2099, 1, 1, tzinfo=UTC)


def change(database: Database, number: int, **columns: object) -> None:
    with database.transaction() as session:
        call_id = select(CallLog.id).where(CallLog.call_sid == sid(number)).scalar_subquery()
        session.execute(update(Task).where(Task.call_id == call_id).values(columns))


def places(database: Database) -> Mapping[str, Place]:
    """Of every open task, by CallSid."""
    with database.transaction() as session:
        found = lines.places(session, session.scalars(select(Task)).all())
        sids = {call.id: call.call_sid for call in session.scalars(select(CallLog))}
    return {str(sids[call_id]): place for (call_id, _), place in found.items()}


def test_only_those_that_wait_before_it_are_ahead_of_a_call(database: Database) -> None:
    here, elsewhere = make_business(database), make_business(database)
    make_calls(database, Stage.TRANSCRIPT, range(1, 9), here)
    make_calls(database, Stage.TRANSCRIPT, range(11, 15), elsewhere)
    for number in (1, 2):
        change(database, number, claim=number, lease_until=LATER)
    change(database, 3, enqueued_at=func.clock_timestamp())
    change(database, 4, due_at=func.clock_timestamp() + seconds(60))  # waits for its next try, not for a slot

    found = places(database)

    assert {number: found[sid(number)] for number in (5, 6, 7, 8)} == {
        5: Place(ahead=1, held=3),
        6: Place(ahead=2, held=3),
        7: Place(ahead=3, held=3),
        8: Place(ahead=4, held=3),
    }
    assert not {sid(number) for number in (1, 2, 3, 4)} & set(found)
    assert found[sid(14)] == Place(ahead=3, held=0)


def test_stages_have_lines_of_their_own_and_looking_at_a_recording_has_none(database: Database) -> None:
    here = make_business(database)
    make_calls(database, Stage.DOWNLOAD, range(1, 3), here)
    make_calls(database, Stage.SUMMARY, range(3, 5), here)
    make_calls(database, Stage.RECORDING, range(5, 7), here)

    assert places(database) == {
        sid(1): Place(0, 0),
        sid(2): Place(1, 0),
        sid(3): Place(0, 0),
        sid(4): Place(1, 0),
    }
