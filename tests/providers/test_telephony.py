"""Our side of the phone company's API, against the simulated one over HTTP."""

import time

import pytest

from providers.errors import NotThereYet, Rejected, Unavailable
from providers.telephony import NotEligible, Telephony
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company

CALLBACK = "http://127.0.0.1:9/webhook/handle_recording"
SPEECH = counted_speech(3)
SPEED, RECORDED_SECONDS = 20, 3


@pytest.fixture
def telephony(company: Company) -> Telephony:
    return Telephony(ACCOUNT.account_sid, ACCOUNT.auth_token, company.url)


def recorded(company: Company, telephony: Telephony, *faults: str) -> str:
    """The RecordingSid of a call that is over; its recording was started by us."""
    call_sid = company.place(counted_speech(60), speed=SPEED, fault=list(faults))
    while True:
        try:
            started = telephony.start_recording(call_sid, CALLBACK)
            break
        except NotEligible:
            continue
    time.sleep(RECORDED_SECONDS / SPEED)
    company.hang_up(call_sid)
    return started.recording_sid


def fetched(telephony: Telephony, recording_sid: str) -> bytes:
    with telephony.media(recording_sid, dual=True).open() as chunks:
        return b"".join(chunks)


def test_a_call_is_asked_for_by_its_sid(company: Company, telephony: Telephony) -> None:
    known = company.call(SPEECH)

    info = telephony.call(known["call_sid"])
    assert (info.status, info.direction) == ("completed", "inbound")
    assert info.from_number
    assert info.from_number.startswith("+")


def test_what_the_account_does_not_have_is_gone(telephony: Telephony) -> None:
    with pytest.raises(Rejected) as refused:
        telephony.call("CA" + "0" * 32)
    assert refused.value.outcome == "gone"


def test_a_call_that_is_over_can_not_be_recorded(company: Company, telephony: Telephony) -> None:
    known = company.call(SPEECH)

    with pytest.raises(NotEligible):
        telephony.start_recording(known["call_sid"], CALLBACK)


def test_wrong_credentials_are_ours_to_mend(company: Company) -> None:
    stranger = Telephony(ACCOUNT.account_sid, "a wrong token", company.url)

    with pytest.raises(Unavailable) as refused:
        stranger.recordings("CA" + "0" * 32)
    assert refused.value.reason == "credentials"


def test_a_phone_company_that_does_not_answer_is_asked_again_later() -> None:
    with pytest.raises(Unavailable) as failed:
        Telephony(ACCOUNT.account_sid, "token", "http://127.0.0.1:9").recordings("CA" + "0" * 32)
    assert failed.value.reason == "phone_company"


def test_a_finished_recording_is_fetched_whole(company: Company, telephony: Telephony) -> None:
    recording_sid = recorded(company, telephony)

    content = fetched(telephony, recording_sid)
    assert content[:4] == b"RIFF"
    assert telephony.recording_status(recording_sid) == "completed"


def test_a_mono_recording_is_fetched_as_it_is(company: Company, telephony: Telephony) -> None:
    assert fetched(telephony, recorded(company, telephony, "mono"))[22] == 1


def test_a_file_that_is_not_there_yet_costs_no_attempt(company: Company, telephony: Telephony) -> None:
    recording_sid = recorded(company, telephony, "media_404=1")

    with pytest.raises(NotThereYet) as waiting:
        fetched(telephony, recording_sid)
    assert not waiting.value.counts
    assert fetched(telephony, recording_sid)


def test_a_refusal_for_haste_says_when_to_come_back(company: Company, telephony: Telephony) -> None:
    recording_sid = recorded(company, telephony, "media_429=7")

    with pytest.raises(Unavailable) as refused:
        fetched(telephony, recording_sid)
    assert (refused.value.reason, refused.value.retry_after) == ("rate_limited", 7)


def test_a_file_that_breaks_off_is_not_taken_for_a_whole_one(company: Company, telephony: Telephony) -> None:
    recording_sid = recorded(company, telephony, "media_truncate")

    with pytest.raises(Unavailable) as broken:
        fetched(telephony, recording_sid)
    assert broken.value.reason == "timeout"
