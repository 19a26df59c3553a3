"""A deleted call is gone at once, for everybody and everywhere; and nothing that is told later brings it back."""

import json

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select

from db import claims
from db.claims import ClaimLost
from db.engine import Database
from db.models import CallLog, Deletion, Recording
from db.words import Role, Stage
from tests.support.calls import TERMS
from tests.support.people import People, make_person
from tests.support.twilio import CALL_SID, RECORDING_SID, Twilio
from tests.web import rows
from tests.web import sample_calls as sample
from tests.web.rows import call_of
from web.house import House

OTHER_RECORDING = "RE" + "3" * 32
LEG_SID = "CA" + "4" * 32
PATHS = (
    "/api/calls/{sid}",
    "/api/recordings/{sid}/status",
    "/api/recordings/{sid}/stream",
    "/calls/{sid}",
    "/calls/{sid}/delete",
)


def delete(client: FlaskClient, headers: dict[str, str], call_sid: str = CALL_SID) -> int:
    return client.delete(f"/api/calls/{call_sid}", headers=headers).status_code


def is_on(twilio: Twilio, people: People) -> None:
    """A call to Alice's number is on and being recorded."""
    twilio.calls_in(people.alice.number)
    twilio.tells("call_status", CallStatus="in-progress", Direction="inbound")
    twilio.says_of_recording("in-progress")


def open_deletions(database: Database) -> int:
    with database.transaction() as session:
        return session.scalar(select(func.count()).select_from(Deletion)) or 0


def left_of(database: Database) -> tuple[CallLog, list[str], dict[str, int]]:
    """The tombstone, the open stages, and how many rows the webhooks' tables have."""
    return call_of(database), rows.open_stages(database), rows.counts(database)


def test_a_deleted_call_is_in_no_list_and_on_no_page(client: FlaskClient, house: House, people: People) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id)
    call_id = call_of(house.database, call_sid).id

    answer = client.delete(f"/api/calls/{call_sid}", headers=people.alice.headers)

    assert answer.status_code == 202
    assert answer.get_json().keys() == {"call_sid", "deleted_at", "message"}
    for person in (people.alice, people.operator):
        for path in PATHS:
            assert client.get(path.format(sid=call_sid), headers=person.headers).status_code == 404, path
        assert client.get("/api/calls", headers=person.headers).get_json()["calls"] == []
        assert call_sid not in client.get("/", headers=person.headers).text
        assert call_sid not in client.get(f"/rows?id={call_id}", headers=person.headers).text


def test_nothing_can_be_asked_of_a_deleted_call(client: FlaskClient, house: House, people: People) -> None:
    call_sid = rows.add_fetched_call(house, people.alice.business_id)

    assert [delete(client, people.alice.headers, call_sid) for _ in range(2)] == [202, 404]
    wish = {"stage": "recording", "force": True}
    answer = client.post(f"/api/calls/{call_sid}/retry", json=wish, headers=people.alice.headers)
    assert answer.status_code == 404
    assert open_deletions(house.database) == 1


def test_agents_delete_nothing(client: FlaskClient, database: Database) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    call_sid = sample.add_call(database, agent.business_id, 1, **sample.DONE)

    assert delete(client, agent.headers, call_sid) == 403
    assert client.get(f"/calls/{call_sid}/delete", headers=agent.headers).status_code == 403
    assert "/delete" not in client.get(f"/calls/{call_sid}", headers=agent.headers).text
    assert client.get(f"/api/calls/{call_sid}", headers=agent.headers).status_code == 200


def test_an_operator_deletes_a_call_of_no_business(client: FlaskClient, database: Database, people: People) -> None:
    call_sid = rows.add_call(database, None)

    assert delete(client, people.alice.headers, call_sid) == 404
    assert delete(client, people.operator.headers, call_sid) == 202


@pytest.mark.parametrize("stage", [Stage.DOWNLOAD, Stage.TRANSCRIPT, Stage.SUMMARY])
def test_whoever_is_at_work_on_it_has_lost_the_claim(
    stage: Stage, client: FlaskClient, people: People, database: Database, redis: Redis
) -> None:
    call_sid = sample.add_call(database, people.alice.business_id, 1, **sample.FETCHED)
    sample.open_stage(database, call_sid, stage)
    with database.transaction() as session:
        held = claims.claim(session, stage, call_sid, "a worker", TERMS)
    assert held

    assert delete(client, people.alice.headers, call_sid) == 202

    with pytest.raises(ClaimLost), database.transaction() as session:
        claims.own(session, held)
    with pytest.raises(ClaimLost), database.transaction() as session:
        claims.renew(session, held, 60, 50, {"turns": []})


def test_no_webhook_brings_it_back(twilio: Twilio, client: FlaskClient, people: People, database: Database) -> None:
    is_on(twilio, people)
    assert delete(client, people.alice.headers) == 202
    before = left_of(database)[2]

    answers = [
        twilio.tells("call_status", token="t1", CallStatus="in-progress", Direction="inbound", From="+14155550111"),
        twilio.tells("call_status", CallStatus="completed", CallDuration="61", Direction="inbound"),
        twilio.tells("stream_status", StreamSid="MZ" + "1" * 32, StreamEvent="stream-started"),
        twilio.tells("stream_ended", CallStatus="completed"),
        twilio.tells("fallback", CallStatus="in-progress", ErrorCode="11200", From="+14155550111"),
        twilio.tells("outbound_call", CallStatus="in-progress", From="+14155550111", To="+14155550112"),
        twilio.tells("debugger", Payload=json.dumps({"resource_sid": CALL_SID, "error_code": 11205})),
        twilio.tells("call_status", CallSid=LEG_SID, ParentCallSid=CALL_SID, CallStatus="ringing", To="+14155550113"),
    ]

    assert [answer.status_code for answer in answers] == [204, 204, 204, 200, 200, 200, 204, 204]
    call, stages, after = left_of(database)
    assert (stages, after) == ([], before)
    assert (call.call_status, call.duration, call.webhook_11205_count) == ("in-progress", None, 0)


def test_a_caller_whose_call_was_deleted_is_put_through_and_not_recorded(
    twilio: Twilio, client: FlaskClient, people: People
) -> None:
    assert "<Recording" in twilio.calls_in(people.alice.number).text
    assert delete(client, people.alice.headers) == 202

    again = twilio.calls_in(people.alice.number)

    assert again.status_code == 200
    assert "<Number>+14155550199</Number>" in again.text
    assert "<Recording" not in again.text
    assert "<Hangup" in twilio.tells("stream_ended").text


def test_a_recording_that_is_told_of_later_is_only_heard_of_to_be_deleted(
    twilio: Twilio, client: FlaskClient, people: People, database: Database
) -> None:
    is_on(twilio, people)
    delete(client, people.alice.headers)
    with database.transaction() as session:
        session.query(Deletion).delete()

    assert twilio.says_of_recording("completed", RecordingSid=OTHER_RECORDING).status_code == 204

    assert [row.recording_sid for row in rows.recordings_of(database)] == [RECORDING_SID, OTHER_RECORDING]
    call, stages, _ = left_of(database)
    assert (call.recording_sid, call.recording_status, stages) == (None, "failed", [])
    assert open_deletions(database) == 1


def test_a_recording_of_another_call_is_not_deleted_with_it(
    twilio: Twilio, client: FlaskClient, people: People, database: Database
) -> None:
    twilio.calls_in(people.alice.number)
    twilio.tells("incoming_call", CallSid=LEG_SID, From="+14155550111", To=people.bob.number, Direction="inbound")
    twilio.says_of_recording("completed", CallSid=LEG_SID)
    delete(client, people.alice.headers)
    with database.transaction() as session:
        session.query(Deletion).delete()

    twilio.says_of_recording("completed")

    assert open_deletions(database) == 0
    with database.transaction() as session:
        (row,) = session.scalars(select(Recording)).all()
        assert row.call_id == call_of(database, LEG_SID).id


def test_the_next_call_of_the_line_gets_the_slot(
    client: FlaskClient, people: People, house: House, redis: Redis
) -> None:
    for number in range(1, house.settings.business_slots + 2):
        call_sid = sample.add_call(house.database, people.alice.business_id, number, **sample.FETCHED)
        sample.open_stage(house.database, call_sid, Stage.SUMMARY)
    assert house.queues.admit(Stage.SUMMARY, people.alice.business_id) == house.settings.business_slots

    delete(client, people.alice.headers, sample.call_sid(1))

    assert rows.jobs_in(redis, "summaries") == house.settings.business_slots + 1
