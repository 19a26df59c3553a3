"""The life of a call that comes in: what the customer is asked and told, and what is recorded."""

import numpy as np
import pytest
from twilio.request_validator import RequestValidator

from tests.simulator.counted_speech import counted_speech, seconds_heard
from tests.simulator.simulated_company import ACCOUNT, Company, events
from tests.simulator.simulated_customer import ANSWER_AND_DIAL, ONLY_DIAL, Customer, status

GEO = {f"{party}{part}" for party in ("Caller", "Called", "From", "To") for part in ("City", "Country", "State", "Zip")}


def test_a_call_is_answered_recorded_and_completed(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(4))

    assert call["status"] == "completed"
    assert call["callbacks"] == [
        {"event": "voice", "status_code": 200},
        {"event": "recording-in-progress", "status_code": 204},
        {"event": "call-completed", "status_code": 204},
        {"event": "recording-completed", "status_code": 204},
    ]
    [recording] = call["recordings"]
    assert recording | {"recording_sid": None} == {
        "recording_sid": None,
        "status": "completed",
        "media_downloads": 0,
        "creates": 1,
    }


def test_a_recording_started_by_twiml_holds_every_sample_of_both_channels(company: Company) -> None:
    speech = counted_speech(5)
    call = company.call(speech)

    heard = company.media(call["recordings"][0]["recording_sid"], RequestedChannels=2)

    assert np.array_equal(heard, speech)


def test_a_dual_recording_of_one_voice_has_a_silent_second_channel(company: Company) -> None:
    speech = counted_speech(2, channels=1)
    call = company.call(speech)

    heard = company.media(call["recordings"][0]["recording_sid"], RequestedChannels=2)

    assert np.array_equal(heard, np.concatenate([speech, np.zeros_like(speech)]))


def test_silence_is_cut_off_unless_the_twiml_forbids_it(company: Company, customer: Customer) -> None:
    speech = counted_speech(3, lead=2)
    untrimmed = company.call(speech)
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL.replace('trim="do-not-trim"', ""))
    trimmed = company.call(speech)

    lengths = [company.media(call["recordings"][0]["recording_sid"]).shape[1] / 8000 for call in (untrimmed, trimmed)]

    assert lengths == [5.0, 3.0]


def test_the_first_request_has_the_fields_of_a_ringing_call(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(1), **{"from": "+12125550123", "to": "+972500000001"})

    [voice] = customer.at("/webhook/incoming_call")
    assert voice.form.keys() == GEO | {
        *("AccountSid", "ApiVersion", "CallSid", "CallStatus", "CallToken", "Called"),
        *("Caller", "Direction", "From", "StirVerstat", "To"),
    }
    assert voice.form["CallSid"] == call["call_sid"]
    assert voice.form["CallStatus"] == "ringing"
    assert voice.form["Direction"] == "inbound"
    assert (voice.form["From"], voice.form["To"]) == ("+12125550123", "+972500000001")
    assert (voice.form["FromCountry"], voice.form["ToCountry"]) == ("US", "IL")
    assert voice.form["CallToken"].startswith("%7B"), "it is percent-encoded once more than the form is"


def test_the_final_status_carries_seconds_and_begun_minutes(company: Company, customer: Customer) -> None:
    company.call(counted_speech(4))

    [final] = customer.wait_for("/webhook/call_status")
    assert final.form["CallStatus"] == "completed"
    assert (final.form["CallDuration"], final.form["Duration"]) == ("4", "1")
    assert (final.form["CallbackSource"], final.form["SequenceNumber"]) == ("call-progress-events", "0")
    assert final.form["Timestamp"].endswith("+0000")


def test_a_number_may_ask_for_more_events(company: Company, customer: Customer) -> None:
    book = {"voice_url": f"{customer.url}/webhook/incoming_call", "status_callback": f"{customer.url}/status"}
    more = {"status_callback_event": "initiated ringing answered completed"}
    assert company.http.put("/simulator/numbers/+15005550123", json=book | more).status_code == 204

    company.call(counted_speech(2), to="+15005550123")

    told = [(one.form["SequenceNumber"], one.form["CallStatus"]) for one in customer.at("/status")]
    assert told == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]


def test_the_first_number_of_the_book_is_called_when_none_is_named(company: Company, customer: Customer) -> None:
    for number in ("+15005550123", "+15005550124"):
        company.http.put(f"/simulator/numbers/{number}", json={"voice_url": f"{customer.url}/voice"})
    customer.twiml("/voice", ONLY_DIAL)

    company.call(counted_speech(1))

    assert customer.at("/voice")[0].form["To"] == "+15005550123"


def test_a_recording_callback_has_the_fields_twilio_documents(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(3))

    running, completed = (one.form for one in customer.at("/webhook/handle_recording"))
    assert completed.keys() == running.keys() | {"RecordingDuration"}
    assert completed.keys() == {
        *("AccountSid", "CallSid", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingChannels"),
        *("RecordingSource", "RecordingStartTime", "RecordingTrack", "ErrorCode", "RecordingDuration"),
    }
    assert completed["RecordingSid"] == call["recordings"][0]["recording_sid"]
    assert completed["RecordingSource"] == "StartCallRecordingTwiML"
    assert (completed["RecordingDuration"], completed["RecordingChannels"]) == ("3", "2")
    assert completed["RecordingUrl"].endswith(completed["RecordingSid"]), "no extension"


def test_everything_is_signed_for_the_public_address(company: Company, customer: Customer) -> None:
    company.call(counted_speech(2), **{"from": "+5511950000001"})

    validator = RequestValidator(ACCOUNT.auth_token)
    assert len(customer.received) == 4
    for request in customer.received:
        assert validator.validate(request.url, request.form, request.headers["x-twilio-signature"]), request.path
    assert customer.received[0].form["FromCity"] == "São Paulo"
    assert customer.received[0].headers["user-agent"] == "TwilioProxy/1.1"


@pytest.mark.parametrize("how", ["busy", "no-answer", "canceled"])
def test_a_caller_who_gives_up_leaves_a_final_status_and_no_recording(
    company: Company, customer: Customer, how: str
) -> None:
    call = company.call(counted_speech(2), hangup=how)

    assert (call["status"], call["recordings"]) == (how, [])
    assert events(call) == ["voice", "call-completed"]
    [final] = customer.at("/webhook/call_status")
    assert (final.form["CallStatus"], final.form["CallDuration"]) == (how, "0")


@pytest.mark.parametrize(("reason", "final"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_never_answered(company: Company, customer: Customer, reason: str, final: str) -> None:
    customer.twiml("/webhook/incoming_call", f'<Response><Reject reason="{reason}"/></Response>')

    assert company.call(counted_speech(2))["status"] == final


def test_a_call_of_less_than_a_second_has_an_absent_recording(company: Company, customer: Customer) -> None:
    call = company.call(counted_speech(1)[:, :4000])

    assert call["recordings"][0]["status"] == "absent"
    absent = customer.at("/webhook/handle_recording")[-1].form
    assert (absent["RecordingStatus"], absent["ErrorCode"]) == ("absent", "16101")


def test_a_broken_voice_url_has_the_fallback_asked(company: Company, customer: Customer) -> None:
    customer.answer("/webhook/incoming_call", status(503))
    customer.twiml("/webhook/fallback", ANSWER_AND_DIAL)

    call = company.call(counted_speech(3))

    [fallback] = customer.at("/webhook/fallback")
    assert fallback.form["ErrorCode"] == "11200"
    assert fallback.form["ErrorUrl"] == f"{customer.url}/webhook/incoming_call"
    assert call["status"] == "completed"
    assert company.media(call["recordings"][0]["recording_sid"]).shape[1] == 3 * 8000
    assert '"error_code": "11200"' in customer.wait_for("/webhook/debugger")[0].form["Payload"]


def test_an_answer_that_is_no_twiml_counts_as_a_failure(company: Company, customer: Customer) -> None:
    customer.twiml("/webhook/incoming_call", "<html><body>hello</body></html>")
    customer.twiml("/webhook/fallback", ANSWER_AND_DIAL)

    company.call(counted_speech(1))

    assert customer.at("/webhook/fallback")[0].form["ErrorCode"] == "12100"


def test_a_customer_who_cannot_be_reached_is_11205(company: Company, customer: Customer) -> None:
    book = {"voice_url": "http://127.0.0.1:9/voice", "voice_fallback_url": f"{customer.url}/webhook/fallback"}
    company.http.put("/simulator/numbers/+15005550123", json=book)
    customer.twiml("/webhook/fallback", ANSWER_AND_DIAL)

    call = company.call(counted_speech(1), to="+15005550123")

    assert customer.at("/webhook/fallback")[0].form["ErrorCode"] == "11205"
    assert call["callbacks"][0] == {"event": "voice", "status_code": None}


def test_without_any_usable_answer_the_caller_hears_an_apology(company: Company, customer: Customer) -> None:
    customer.answer("/webhook/incoming_call", status(500))
    customer.answer("/webhook/fallback", status(500))

    call = company.call(counted_speech(9))

    assert (call["status"], call["recordings"]) == ("completed", [])
    assert customer.at("/webhook/call_status")[0].form["CallDuration"] == "3"


def test_words_spoken_before_a_late_recording_are_lost(company: Company, customer: Customer) -> None:
    """The recording starts between the second and the third second: both of the first two are gone."""
    customer.twiml("/webhook/incoming_call", ONLY_DIAL)
    call_sid = company.place(counted_speech(6), speed=3)
    call = company.exchange.calls[call_sid]
    while call.answered_at is None or call.clock.seconds() < 2.05:
        assert not call.over.wait(0.01)

    recording = company.twilio.calls(call_sid).recordings.create(recording_channels="dual")
    company.settled(call_sid)

    assert seconds_heard(company.media(recording.sid)) == [3, 4, 5, 6]
