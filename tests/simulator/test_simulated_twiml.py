"""What the verbs of TwiML do to a call."""

import numpy as np
import pytest

from simulator.twiml import BadTwiml, parse
from tests.simulator.counted_speech import counted_speech, seconds_heard
from tests.simulator.simulated_company import Company, events
from tests.simulator.simulated_customer import Customer

START = '<Start><Recording trim="do-not-trim"/></Start>'
STREAM = '<Stream url="wss://media.example/x" name="words" statusCallback="/webhook/stream_status"/>'


def _answer(customer: Customer, verbs: str, path: str = "/webhook/incoming_call") -> None:
    customer.twiml(path, f"<Response>{verbs}</Response>")


def test_the_call_ends_after_the_last_verb(company: Company, customer: Customer) -> None:
    _answer(customer, f'{START}<Say>{"fifteen letters" * 2}</Say><Pause length="1"/>')

    call = company.call(counted_speech(8))

    assert seconds_heard(company.media(call["recordings"][0]["recording_sid"])) == [1, 2, 3]
    assert customer.wait_for("/webhook/call_status")[0].form["CallDuration"] == "3"


def test_the_caller_hangs_up_when_there_is_nothing_left_to_say(company: Company, customer: Customer) -> None:
    _answer(customer, f'{START}<Pause length="60"/>')

    call = company.call(counted_speech(3))

    assert company.media(call["recordings"][0]["recording_sid"]).shape[1] == 3 * 8000


def test_hangup_ends_the_call_at_once(company: Company, customer: Customer) -> None:
    _answer(customer, f'{START}<Pause length="2"/><Hangup/><Pause length="2"/>')

    call = company.call(counted_speech(8))

    assert seconds_heard(company.media(call["recordings"][0]["recording_sid"])) == [1, 2]


def test_a_redirect_goes_on_with_another_document(company: Company, customer: Customer) -> None:
    _answer(customer, "<Redirect>next?step=2</Redirect><Pause/>")
    _answer(customer, '<Pause length="2"/>', "/webhook/next")

    call = company.call(counted_speech(30))

    [request] = customer.at("/webhook/next")
    assert (request.query, request.form["CallStatus"]) == ({"step": "2"}, "in-progress")
    assert events(call) == ["voice", "action", "call-completed"]


def test_a_dialled_call_lasts_as_long_as_the_conversation(company: Company, customer: Customer) -> None:
    _answer(customer, '<Dial action="/webhook/dialled" timeout="20"><Number>+15005550111</Number></Dial>')
    _answer(customer, "<Hangup/>", "/webhook/dialled")

    call = company.call(counted_speech(4))

    [action] = customer.at("/webhook/dialled")
    assert (action.form["DialCallStatus"], action.form["DialCallDuration"]) == ("completed", "4")
    [leg] = company.twilio.calls.list(parent_call_sid=call["call_sid"])
    assert (leg.sid, leg.direction, leg.to) == (action.form["DialCallSid"], "outbound-dial", "+15005550111")


def test_a_dialled_number_reports_its_own_leg(company: Company, customer: Customer) -> None:
    wanted = 'statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed"'
    _answer(customer, f"<Dial><Number {wanted}>+15005550111</Number></Dial>")

    call = company.call(counted_speech(2))

    told = customer.at("/leg")
    assert [one.form["CallStatus"] for one in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert {one.form["ParentCallSid"] for one in told} == {call["call_sid"]}


def test_a_dial_may_record(company: Company, customer: Customer) -> None:
    _answer(customer, '<Dial record="record-from-answer-dual" recordingStatusCallback="/done">+15005550111</Dial>')
    speech = counted_speech(3)

    call = company.call(speech)

    [done] = customer.at("/done")
    assert (done.form["RecordingSource"], done.form["RecordingChannels"]) == ("DialVerb", "2")
    assert np.array_equal(company.media(call["recordings"][0]["recording_sid"]), speech)


def test_the_record_verb_makes_a_mono_recording(company: Company, customer: Customer) -> None:
    verb = '<Record maxLength="2" action="/recorded" trim="do-not-trim" recordingStatusCallback="/done"/>'
    _answer(customer, f'<Pause length="1"/>{verb}')
    _answer(customer, "<Hangup/>", "/recorded")

    call = company.call(counted_speech(9))

    [done] = customer.at("/done")
    assert (done.form["RecordingSource"], done.form["RecordingChannels"]) == ("RecordVerb", "1")
    assert customer.at("/recorded")[0].form["RecordingSid"] == call["recordings"][0]["recording_sid"]
    heard = company.media(call["recordings"][0]["recording_sid"])
    assert heard.shape == (1, 2 * 8000)


def test_a_connected_stream_holds_the_call_and_then_asks_its_action(company: Company, customer: Customer) -> None:
    _answer(customer, f'{START}<Connect action="/webhook/stream_ended">{STREAM}</Connect>')

    call = company.call(counted_speech(3))

    started, stopped = customer.at("/webhook/stream_status")
    assert (started.form["StreamEvent"], stopped.form["StreamEvent"]) == ("stream-started", "stream-stopped")
    assert started.form.keys() == {"AccountSid", "CallSid", "StreamSid", "StreamName", "StreamEvent", "Timestamp"}
    assert started.form["StreamName"] == "words"
    assert customer.at("/webhook/stream_ended")[0].form["CallStatus"] == "in-progress"
    assert events(call).count("stream-stopped") == 1


def test_a_started_stream_runs_beside_the_call(company: Company, customer: Customer) -> None:
    _answer(customer, f'<Start>{STREAM}</Start><Pause length="2"/>')

    call = company.call(counted_speech(9))

    assert events(call) == ["voice", "stream-started", "stream-stopped", "call-completed"]


def test_an_unknown_verb_is_passed_over(company: Company, customer: Customer) -> None:
    _answer(customer, '<Prompt/><Pause length="2"/>')

    company.call(counted_speech(9))

    assert customer.at("/webhook/call_status")[0].form["CallDuration"] == "2"


@pytest.mark.parametrize("text", ["", "hello", "<html/>", "<Response><Say></Response>"])
def test_what_is_no_twiml_is_refused(text: str) -> None:
    with pytest.raises(BadTwiml):
        parse(text, "http://customer.example/voice")
