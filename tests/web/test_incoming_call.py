"""A call comes in: it is kept, recorded from second 0, and put through."""

from xml.etree import ElementTree

from sqlalchemy import select

from db.engine import Database
from db.models import CallLog, Task
from tests.support.people import People
from tests.support.twilio import CALL_SID, Twilio


def test_the_recording_starts_before_anything_is_heard(twilio: Twilio, people: People) -> None:
    answer = twilio.calls_in(people.alice.number)

    assert answer.status_code == 200
    assert answer.mimetype == "text/xml"
    verbs = list(ElementTree.fromstring(answer.text))
    assert [verb.tag for verb in verbs] == ["Start", "Dial"]
    recording = verbs[0][0].attrib
    assert recording["channels"] == "dual"
    assert recording["trim"] == "do-not-trim"
    assert recording["recordingStatusCallbackEvent"] == "in-progress completed absent"


def test_the_call_is_kept_under_the_business_whose_number_was_called(
    twilio: Twilio, people: People, database: Database
) -> None:
    twilio.calls_in(people.bob.number)

    with database.transaction() as session:
        call = session.scalars(select(CallLog)).one()
        assert (call.call_sid, call.business_id, call.direction) == (CALL_SID, people.bob.business_id, "inbound")
        assert session.scalars(select(Task.stage)).all() == ["recording"]
