"""Twilio's own Python client works with the phone company as it does with Twilio."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import Company, events
from tests.simulator.simulated_customer import ONLY_DIAL, Customer

ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
FROM, TO = "+15005550100", "+15005550123"


def _running_call(company: Company, **options: object) -> str:
    """The CallSid of an answered call that goes on for six seconds."""
    call_sid = company.place(counted_speech(30), **{"speed": 5} | options)
    call = company.exchange.calls[call_sid]
    while call.status != "in-progress":
        assert not call.over.wait(0.01)
    return call_sid


def test_a_call_is_placed_recorded_and_reported(company: Company, customer: Customer) -> None:
    customer.twiml("/outbound", '<Response><Pause length="60"/></Response>')

    placed = company.twilio.calls.create(
        from_=FROM,
        to=TO,
        url=f"{customer.url}/outbound",
        status_callback=f"{customer.url}/status",
        status_callback_event=ALL_EVENTS,
        record=True,
        recording_channels="dual",
        trim="do-not-trim",
        recording_status_callback=f"{customer.url}/recording",
        recording_status_callback_event=["in-progress", "completed", "absent"],
    )
    call = company.settled(placed.sid)

    told = [(one.form["SequenceNumber"], one.form["CallStatus"]) for one in customer.at("/status")]
    assert told == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]
    assert [one.form["RecordingStatus"] for one in customer.at("/recording")] == ["in-progress", "completed"]
    assert {one.form["RecordingSource"] for one in customer.at("/recording")} == {"OutboundAPI"}
    assert customer.at("/outbound")[0].form["Direction"] == "outbound-api"
    assert customer.at("/status")[-1].form["RecordingSid"] == call["recordings"][0]["recording_sid"]
    assert company.media(call["recordings"][0]["recording_sid"]).shape == (2, 10 * 8000)


@pytest.mark.parametrize("how", ["busy", "no-answer"])
def test_a_number_may_not_answer(company: Company, customer: Customer, how: str) -> None:
    company.http.put(f"/simulator/numbers/{TO}", json={"hangup": how})

    placed = company.twilio.calls.create(
        from_=FROM, to=TO, url=f"{customer.url}/outbound", status_callback=f"{customer.url}/status"
    )
    company.settled(placed.sid)

    assert placed.fetch().status == how
    assert [one.form["CallStatus"] for one in customer.at("/status")] == [how]
    assert customer.at("/outbound") == []


def test_the_numbers_faults_are_those_of_the_calls_to_it(company: Company, customer: Customer) -> None:
    company.http.put(f"/simulator/numbers/{TO}", json={"fault": ["drop=call-completed"]})

    placed = company.twilio.calls.create(
        from_=FROM, to=TO, twiml="<Response/>", status_callback=f"{customer.url}/status"
    )
    company.settled(placed.sid)

    assert customer.at("/status") == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "nobody", "from_": FROM, "url": "http://x.example"}, 21211),
        ({"to": TO, "from_": "me", "url": "http://x.example"}, 21212),
        ({"to": TO, "from_": FROM}, 21205),
        ({"to": TO, "from_": FROM, "twiml": "<Response>"}, 12100),
    ],
)
def test_an_impossible_call_is_refused(company: Company, options: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        company.twilio.calls.create(**options)

    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_running_call_can_be_recorded_listed_and_hung_up(company: Company, customer: Customer) -> None:
    customer.twiml("/webhook/incoming_call", ONLY_DIAL)
    call_sid = _running_call(company)

    created = company.twilio.calls(call_sid).recordings.create(
        recording_channels="dual",
        recording_status_callback=f"{customer.url}/recording",
        recording_status_callback_event=["in-progress", "completed", "absent"],
    )
    listed = company.twilio.calls(call_sid).recordings.list()
    company.twilio.calls(call_sid).update(status="completed")
    company.settled(call_sid)

    assert [recording.sid for recording in listed] == [created.sid]
    assert created.status == "in-progress"
    assert company.twilio.calls(call_sid).fetch().status == "completed"
    statuses = [one.form["RecordingStatus"] for one in customer.at("/recording")]
    assert statuses[0] == "in-progress"
    assert {one.form["RecordingSource"] for one in customer.at("/recording")} == {"StartCallRecordingAPI"}


def test_a_finished_call_cannot_be_recorded(company: Company) -> None:
    call = company.call(counted_speech(1))

    with pytest.raises(TwilioRestException) as refused:
        company.twilio.calls(call["call_sid"]).recordings.create()

    assert (refused.value.status, refused.value.code) == (400, 21220)
    assert refused.value.msg.endswith("Requested resource is not eligible for recording")


def test_a_ringing_call_cannot_be_recorded(company: Company) -> None:
    company.exchange.speed = 0.5  # it rings for eight seconds
    placed = company.http.post(
        company.path("Calls.json"), data={"From": FROM, "To": TO, "Twiml": "<Response><Pause/></Response>"}
    )

    with pytest.raises(TwilioRestException) as refused:
        company.twilio.calls(placed.json()["sid"]).recordings.create()

    assert refused.value.code == 21220
    company.twilio.calls(placed.json()["sid"]).update(status="canceled")
    company.settled(placed.json()["sid"])


def test_creations_are_refused_as_often_as_the_fault_says(company: Company, customer: Customer) -> None:
    customer.twiml("/webhook/incoming_call", ONLY_DIAL)
    call_sid = _running_call(company, fault=["create_21220=2"])
    recordings = company.twilio.calls(call_sid).recordings

    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            recordings.create()
        assert refused.value.code == 21220

    assert recordings.create().sid
    company.twilio.calls(call_sid).update(status="completed")
    assert len(company.settled(call_sid)["recordings"]) == 1


def test_lists_are_read_page_by_page(company: Company) -> None:
    sids = [company.call(counted_speech(2))["recordings"][0]["recording_sid"] for _ in range(3)]

    listed = company.twilio.recordings.list(page_size=1)

    assert [recording.sid for recording in listed] == sids[::-1]


def test_recordings_are_found_by_date_and_call(company: Company) -> None:
    call = company.call(counted_speech(2))
    hour = timedelta(hours=1)
    now = datetime.now(UTC)

    assert len(company.twilio.recordings.list(call_sid=call["call_sid"], date_created_after=now - hour)) == 1
    assert len(company.twilio.recordings.list(date_created_after=now - hour, date_created_before=now + hour)) == 1
    assert company.twilio.recordings.list(date_created_after=now + hour) == []
    assert company.twilio.recordings.list(call_sid="CA" + "0" * 32) == []


def test_a_deleted_recording_is_found_only_by_those_who_ask_for_it(company: Company) -> None:
    call = company.call(counted_speech(2))
    recording = company.twilio.recordings(call["recordings"][0]["recording_sid"])

    assert recording.delete()

    with pytest.raises(TwilioRestException) as missing:
        recording.fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)
    assert recording.fetch(include_soft_deleted=True).status == "deleted"
    assert company.twilio.recordings.list() == []


def test_wrong_credentials_are_20003(company: Company) -> None:
    answer = company.http.get(company.path("Calls.json"), auth=("AC" + "0" * 32, "wrong"))

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_what_does_not_exist_is_20404(company: Company) -> None:
    for rest in ("Calls/CA" + "0" * 32 + ".json", "Recordings/REnothing.json", "Nonsense.json"):
        answer = company.http.get(company.path(rest))
        assert (answer.status_code, answer.json()["code"]) == (404, 20404), rest


def test_an_unanswered_call_can_be_canceled(company: Company, customer: Customer) -> None:
    company.exchange.speed = 0.5  # it rings for eight seconds
    placed = company.twilio.calls.create(
        from_=FROM, to=TO, twiml="<Response/>", status_callback=f"{customer.url}/status"
    )

    company.twilio.calls(placed.sid).update(status="canceled")

    assert company.settled(placed.sid)["status"] == "canceled"
    assert "call-completed" in events(company.known(placed.sid))
