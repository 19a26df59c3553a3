"""Every JSON answer of the REST API has the shape that Twilio's OpenAPI document gives it."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import ValidationError

from simulator.exchange import Exchange
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.simulator.simulated_customer import Customer
from tests.simulator.twilio_schema import check_answer

NUMBERS = {"To": "+15005550123", "From": "+15005550100"}


class Checked:
    """Asks the REST API and checks what it answers before handing it on."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def get(self, rest: str, **parameters: Any) -> Any:
        return self._check(self.company.http.get(self.company.path(rest), params=parameters))

    def post(self, rest: str, **form: Any) -> Any:
        return self._check(self.company.http.post(self.company.path(rest), data=form))

    @staticmethod
    def _check(answer: Any) -> Any:
        check_answer(answer.request.method, answer.request.url.path, answer.status_code, answer.json())
        return answer.json()


@pytest.fixture(scope="module")
def rest() -> Iterator[tuple[Checked, str, str]]:
    """The API, the CallSid of a call whose recording was started by TwiML, and that recording's SID."""
    customer = Customer()
    company = Company(Exchange(ACCOUNT, customer.url))
    customer.twiml("/webhook/incoming_call", '<Response><Start><Recording/></Start><Pause length="2"/></Response>')
    call = company.call(counted_speech(3))
    yield Checked(company), call["call_sid"], call["recordings"][0]["recording_sid"]
    company.close()
    customer.close()


def test_a_finished_call(rest: tuple[Checked, str, str]) -> None:
    api, call_sid, _ = rest
    call = api.get(f"Calls/{call_sid}.json")

    assert (call["status"], call["duration"], call["direction"]) == ("completed", "2", "inbound")
    assert isinstance(call["price"], str)


def test_the_list_of_calls(rest: tuple[Checked, str, str]) -> None:
    api, call_sid, _ = rest
    page = api.get("Calls.json", PageSize=1, Status="completed")

    assert [call["sid"] for call in page["calls"]] == [call_sid]


def test_a_call_that_is_placed_and_hung_up(rest: tuple[Checked, str, str]) -> None:
    api, _, _ = rest
    api.company.exchange.speed = 0.5  # it rings for eight seconds
    placed = api.post("Calls.json", **NUMBERS, Twiml="<Response><Pause length='9'/></Response>")
    api.post(f"Calls/{placed['sid']}.json", Status="completed")
    api.company.settled(placed["sid"])

    assert (placed["status"], placed["duration"], placed["start_time"]) == ("queued", None, None)
    assert api.get(f"Calls/{placed['sid']}.json")["status"] == "canceled"


def test_a_recording_of_a_running_call(rest: tuple[Checked, str, str]) -> None:
    api, _, _ = rest
    call_sid = api.company.place(counted_speech(5), speed=5)
    call = api.company.exchange.calls[call_sid]
    while call.status != "in-progress":
        assert not call.over.wait(0.01)
    created = api.post(f"Calls/{call_sid}/Recordings.json", RecordingChannels="dual")
    listed = api.get(f"Calls/{call_sid}/Recordings.json")
    api.get(f"Calls/{call_sid}/Recordings/{created['sid']}.json")
    api.get(f"Recordings/{created['sid']}.json")

    assert (created["status"], created["channels"], created["duration"]) == ("in-progress", 2, None)
    assert len(listed["recordings"]) == 2, "the second one beside that of the TwiML is what costs money"
    api.company.settled(call_sid)


def test_a_finished_recording(rest: tuple[Checked, str, str]) -> None:
    api, call_sid, recording_sid = rest
    recording = api.get(f"Recordings/{recording_sid}.json")
    api.get(f"Calls/{call_sid}/Recordings.json")

    assert (recording["status"], recording["duration"], recording["channels"]) == ("completed", "2", 2)
    assert isinstance(recording["price"], str)


def test_the_list_of_recordings(rest: tuple[Checked, str, str]) -> None:
    api, call_sid, recording_sid = rest
    page = api.get("Recordings.json", CallSid=call_sid)

    assert [recording["sid"] for recording in page["recordings"]] == [recording_sid]


def test_an_absent_and_a_deleted_recording(rest: tuple[Checked, str, str]) -> None:
    api, _, _ = rest
    [recording] = api.company.call(counted_speech(2), fault=["absent=16102"])["recordings"]
    path = f"Recordings/{recording['recording_sid']}.json"

    assert api.get(path)["error_code"] == 16102
    assert api.company.http.delete(api.company.path(path)).status_code == 204
    assert api.get(path, IncludeSoftDeleted="true")["status"] == "deleted"


def test_the_check_itself_refuses_a_number_where_twilio_has_a_string(rest: tuple[Checked, str, str]) -> None:
    api, call_sid, _ = rest
    path = api.company.path(f"Calls/{call_sid}.json")
    call = api.company.http.get(path).json()

    for broken in ({"duration": 2}, {"date_created": "2025-01-01T00:00:00Z"}, {"invented": 1}, {"status": "initiated"}):
        with pytest.raises(ValidationError):
            check_answer("GET", path, 200, call | broken)
