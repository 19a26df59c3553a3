"""How callbacks travel: signatures, tokens, repetitions, and the faults a call may be given."""

import time
from collections import Counter

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Response

from simulator.account import Account
from simulator.faults import UnknownFault, parse_faults
from simulator.retries import read_policy
from simulator.signature import sign
from simulator.wire import Wire
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import Company, events
from tests.simulator.simulated_customer import Customer, Received, status

DONE = "/webhook/handle_recording"


def _tokens(requests: list[Received]) -> list[str]:
    return [request.headers["i-twilio-idempotency-token"] for request in requests]


def test_the_documented_vector_is_signed_as_documented() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }

    signature = sign("12345", "https://example.com/myapp.php?foo=1&bar=2", form.items())

    assert signature == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize(
    "pairs",
    [
        [("City", "São Paulo"), ("Name", "שרה"), ("Zip", "")],
        [("Digits", "2"), ("Digits", "1"), ("Digits", "2"), ("digits", "0")],
        [],
    ],
)
def test_twilios_own_validator_agrees(pairs: list[tuple[str, str]]) -> None:
    url = "http://customer.example:5000/webhook?step=%C3%A9"
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)

    assert RequestValidator("secret").validate(url, _ListForm(form), sign("secret", url, pairs))


class _ListForm(dict[str, list[str]]):
    """The form as web frameworks hand it to the validator, with repeated names."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def test_over_https_neither_port_nor_user_nor_fragment_is_signed() -> None:
    plain = sign("secret", "https://customer.example/voice?x=1")

    assert sign("secret", "https://me:pw@customer.example:8443/voice?x=1#rc=5") == plain
    assert sign("secret", "http://customer.example:8080/voice") != sign("secret", "http://customer.example/voice")


def test_a_get_callback_carries_its_fields_in_the_signed_address(customer: Customer) -> None:
    Wire(Account("AC" + "0" * 32, "secret")).ask(f"{customer.url}/status?keep=1", {"City": "São"}, "GET")

    [request] = customer.received
    assert request.query == {"keep": "1", "City": "São"}
    assert RequestValidator("secret").validate(request.url, {}, request.headers["x-twilio-signature"])


def test_the_fragment_of_an_address_asks_for_more_attempts(customer: Customer) -> None:
    customer.answer(DONE, status(503), status(503), status(204))

    answer = Wire(Account("AC", "secret")).ask(f"{customer.url}{DONE}#rc=5&rp=all", {"A": "1"})

    assert answer.status_code == 204
    assert len(customer.received) == 3
    assert len(set(_tokens(customer.received))) == 1


def test_a_refusal_is_not_repeated_unless_asked(customer: Customer) -> None:
    customer.answer(DONE, status(503))

    assert Wire(Account("AC", "secret")).ask(f"{customer.url}{DONE}", {}).status_code == 503
    assert len(customer.received) == 1


def test_times_in_the_fragment_are_milliseconds() -> None:
    policy = read_policy("http://customer.example/x#rc=3&rp=5xx,rt&ct=2000&rt=2500&tt=9000")

    assert (policy.retries, policy.connect_seconds, policy.read_seconds, policy.total_seconds) == (3, 2.0, 2.5, 9.0)
    assert policy.covers_status(503)
    assert not policy.covers_status(404)


def test_each_event_has_a_token_of_its_own(company: Company, customer: Customer) -> None:
    company.call(counted_speech(2))

    assert len(set(_tokens(customer.received))) == len(customer.received) == 4


def test_a_duplicate_comes_with_the_same_token(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(2), fault=["duplicate=2"])

    completed = customer.at(DONE)[-3:]
    assert len({str(request.form) for request in completed}) == 1
    assert len(set(_tokens(completed))) == 1
    assert events(call).count("recording-completed") == 3


def test_a_duplicate_with_a_new_token_looks_like_another_event(company: Company, customer: Customer) -> None:
    company.call(counted_speech(2), fault=["duplicate_new_token=1"])

    assert len(set(_tokens(customer.at("/webhook/call_status")))) == 2


def test_reordered_callbacks_come_last_things_first(company: Company) -> None:
    call = company.call(counted_speech(2), fault=["reorder"])

    assert events(call) == ["voice", "recording-completed", "call-completed", "recording-in-progress"]


def test_late_callbacks_are_late_in_real_seconds(company: Company, customer: Customer) -> None:
    call_sid = company.place(counted_speech(2), fault=["late=0.8"])
    assert company.exchange.calls[call_sid].finished.wait(10)
    finished = time.monotonic()
    company.settled(call_sid)

    assert time.monotonic() - finished > 0.7


def test_the_call_is_over_before_its_late_callbacks(company: Company, customer: Customer) -> None:
    call_sid = company.place(counted_speech(2), fault=["late=30"])
    assert company.exchange.calls[call_sid].finished.wait(10)

    assert events(company.known(call_sid)) == ["voice"]
    assert company.known(call_sid)["recordings"][0]["status"] == "completed"


def test_a_dropped_event_never_gets_through(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(2), fault=["drop=recording-completed", "drop=call-completed"])

    assert Counter(request.path for request in customer.received) == {"/webhook/incoming_call": 1, DONE: 1}
    assert {"event": "recording-completed", "status_code": None} in call["callbacks"]


@pytest.mark.parametrize("code", ["16101", "16102"])
def test_a_recording_can_turn_out_absent(company: Company, customer: Customer, code: str) -> None:
    call = company.call(counted_speech(3), fault=[f"absent={code}"])

    absent = customer.at(DONE)[-1].form
    assert (absent["RecordingStatus"], absent["ErrorCode"], absent["RecordingDuration"]) == ("absent", code, "0")
    recording = company.twilio.recordings(call["recordings"][0]["recording_sid"]).fetch()
    assert (recording.status, str(recording.error_code)) == ("absent", code)
    assert company.http.get(company.path(f"Recordings/{recording.sid}.wav")).status_code == 404


def test_a_dual_recording_can_turn_out_mono(company: Company, customer: Customer) -> None:
    speech = counted_speech(2)
    call = company.call(speech, fault=["mono"])

    sid = call["recordings"][0]["recording_sid"]
    assert customer.at(DONE)[-1].form["RecordingChannels"] == "1"
    assert company.http.get(company.path(f"Recordings/{sid}.wav"), params={"RequestedChannels": 2}).status_code == 400
    assert (company.media(sid)[0] == speech.sum(axis=0)).all()


def test_a_callback_that_is_refused_is_listed_and_reported_to_the_debugger(
    company: Company, customer: Customer
) -> None:
    customer.answer("/webhook/call_status", lambda _: Response(status=500))

    call = company.call(counted_speech(2))

    assert {"event": "call-completed", "status_code": 500} in call["callbacks"]
    [event] = customer.at("/webhook/debugger")
    assert event.form["PayloadType"] == "application/json"
    assert call["call_sid"] in event.form["Payload"]


@pytest.mark.parametrize("text", ["nonsense", "drop=everything", "absent=1", "media_404=x", "late", "late=soon"])
def test_a_fault_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(UnknownFault):
        parse_faults([text])
