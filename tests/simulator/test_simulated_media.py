"""Fetching a recording, and what can go wrong with it."""

from typing import Any

import httpx
import numpy as np
import pytest

from tests.simulator.counted_speech import counted_speech, read_wav
from tests.simulator.simulated_company import Company
from tests.simulator.simulated_customer import ONLY_DIAL, Customer

SPEECH = counted_speech(2)


def _recorded(company: Company, *faults: str) -> tuple[str, str]:
    """The CallSid of a recorded call, and the path of its recording."""
    call = company.call(SPEECH, fault=list(faults))
    return call["call_sid"], company.path(f"Recordings/{call['recordings'][0]['recording_sid']}.wav")


def _downloads(company: Company, call_sid: str) -> int:
    return int(company.known(call_sid)["recordings"][0]["media_downloads"])


def test_a_whole_download_is_counted(company: Company) -> None:
    call_sid, path = _recorded(company)

    answer = company.http.get(path, params={"RequestedChannels": 2})

    assert answer.headers["content-type"] == "audio/x-wav"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert np.array_equal(read_wav(answer.content), SPEECH)
    assert _downloads(company, call_sid) == 1


def test_the_address_without_extension_is_the_same_wav(company: Company) -> None:
    _, path = _recorded(company)

    assert company.http.get(path.removesuffix(".wav")).content == company.http.get(path).content


def test_head_tells_the_length_and_counts_nothing(company: Company) -> None:
    call_sid, path = _recorded(company, "media_404")

    assert int(company.http.head(path).headers["content-length"]) == 44 + SPEECH.nbytes
    assert _downloads(company, call_sid) == 0


def test_one_channel_can_be_asked_of_two(company: Company) -> None:
    _, path = _recorded(company)

    assert read_wav(company.http.get(path, params={"RequestedChannels": 1}).content).shape == (1, 2 * 8000)


def test_nothing_can_be_fetched_while_the_call_goes_on(company: Company, customer: Customer) -> None:
    customer.twiml("/webhook/incoming_call", ONLY_DIAL)
    call_sid = company.place(counted_speech(30), speed=1)
    call = company.exchange.calls[call_sid]
    while call.status != "in-progress":
        assert not call.over.wait(0.01)
    recording = company.twilio.calls(call_sid).recordings.create()

    assert company.http.get(company.path(f"Recordings/{recording.sid}.wav")).status_code == 404


@pytest.mark.parametrize(("fault", "status_code", "code"), [("media_404=2", 404, 20404), ("media_401=2", 401, 20003)])
def test_a_refused_download_works_when_the_fault_is_used_up(
    company: Company, fault: str, status_code: int, code: int
) -> None:
    call_sid, path = _recorded(company, fault)

    answers = [company.http.get(path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status_code, status_code, 200]
    assert answers[0].json().keys() == {"code", "message", "more_info", "status"}
    assert answers[0].json()["code"] == code
    assert _downloads(company, call_sid) == 1


@pytest.mark.parametrize(("fault", "retry_after"), [("media_429=7", "7"), ("media_429", None)])
def test_too_many_requests_may_say_when_to_come_back(company: Company, fault: str, retry_after: str | None) -> None:
    _, path = _recorded(company, fault)

    refused, fetched = company.http.get(path), company.http.get(path)

    assert (refused.status_code, refused.json()["code"]) == (429, 20429)
    assert refused.headers.get("retry-after") == retry_after
    assert fetched.status_code == 200


def test_a_truncated_download_announces_more_than_it_sends(company: Company) -> None:
    call_sid, path = _recorded(company, "media_truncate")

    with pytest.raises(httpx.RemoteProtocolError):
        company.http.get(path)

    assert _downloads(company, call_sid) == 0
    assert company.http.get(path).status_code == 200


def test_a_stalled_download_stops_in_the_middle(company: Company) -> None:
    call_sid, path = _recorded(company, "media_stall")
    received: list[Any] = []

    with pytest.raises(httpx.ReadTimeout), company.http.stream("GET", path, timeout=0.5) as answer:
        received.extend(answer.iter_raw())

    assert 0 < sum(map(len, received)) < SPEECH.nbytes
    assert _downloads(company, call_sid) == 0


def test_html_can_come_with_a_200(company: Company) -> None:
    call_sid, path = _recorded(company, "media_html")

    answer = company.http.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert _downloads(company, call_sid) == 0


def test_a_deleted_recording_is_gone(company: Company) -> None:
    call_sid, path = _recorded(company)

    assert company.http.delete(path.replace(".wav", ".json")).status_code == 204

    assert company.http.get(path).status_code == 404
    assert company.known(call_sid)["recordings"][0]["status"] == "deleted"


def test_the_media_wants_the_accounts_credentials(company: Company) -> None:
    _, path = _recorded(company)

    assert httpx.get(company.url + path, trust_env=False).status_code == 401
    assert httpx.get(company.url + path, auth=("AC" + "0" * 32, "x"), trust_env=False).status_code == 401
