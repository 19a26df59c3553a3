"""Answers that go wrong on their way: a share of them, of every kind, and none that is untrue."""

import hashlib
import itertools

import httpx
import pytest

from simulator import server
from simulator.unreliable import WEIGHTS, Unreliable
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import Company
from tests.simulator.simulated_customer import ONLY_DIAL, Customer


class Scripted(Unreliable):
    """Draws what the test says, one after the other, and then nothing."""

    def __init__(self, *faults: str | None) -> None:
        super().__init__()
        self._script = itertools.chain(faults, itertools.repeat(None))

    def draw(self) -> str | None:
        return next(self._script)


@pytest.fixture(autouse=True)
def hangs_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HANG_SECONDS", 1.0)


def test_the_share_is_about_what_was_asked_for_and_every_kind_comes() -> None:
    drawn = Unreliable(0.05, seed=1)

    faults = [drawn.draw() for _ in range(4000)]

    assert 0.04 < sum(drawn.drawn.values()) / drawn.answers < 0.06
    assert set(faults) - {None} == set(WEIGHTS)


def test_the_same_seed_draws_the_same_faults() -> None:
    def row(seed: int) -> list[str | None]:
        drawn = Unreliable(0.5, seed)
        return [drawn.draw() for _ in range(50)]

    assert row(1) == row(1) != row(2)


@pytest.mark.parametrize(("fault", "status_code"), [("500", 500), ("503", 503), ("429", 429)])
def test_a_refused_creation_has_created_nothing(
    company: Company, customer: Customer, fault: str, status_code: int
) -> None:
    call_sid = _call_without_recording(company, customer)
    company.exchange.unreliable = Scripted(fault)

    answer = company.http.post(company.path(f"Calls/{call_sid}/Recordings.json"))

    assert answer.status_code == status_code
    assert company.known(call_sid)["recordings"] == []


@pytest.mark.parametrize("fault", ["reset", "timeout"])
def test_a_creation_whose_answer_is_lost_has_happened(company: Company, customer: Customer, fault: str) -> None:
    call_sid = _call_without_recording(company, customer)
    company.exchange.unreliable = Scripted(fault)

    with pytest.raises(httpx.TransportError):
        company.http.post(company.path(f"Calls/{call_sid}/Recordings.json"), timeout=5)

    assert len(company.known(call_sid)["recordings"]) == 1


def test_a_download_that_is_lost_is_not_counted_and_the_next_one_is_whole(company: Company) -> None:
    call_sid = company.call(counted_speech(2))["call_sid"]
    [recording] = company.http.get("/simulator/recordings").json()
    assert recording["call_sid"] == call_sid
    path = company.path(f"Recordings/{recording['recording_sid']}.wav")
    company.exchange.unreliable = Scripted("reset")

    with pytest.raises(httpx.TransportError):
        company.http.get(path)

    assert hashlib.sha256(company.http.get(path).content).hexdigest() == recording["sha256"]


def test_what_goes_wrong_is_counted_where_everybody_can_see_it(company: Company) -> None:
    company.exchange.unreliable = Unreliable(1.0, seed=1)

    statuses = [_status(company, "Calls.json") for _ in range(8)]

    known = company.http.get("/simulator/faults").json()
    assert known["answers"] == sum(known["faulty"].values()) == 8
    assert 200 not in statuses, "and looking is never disturbed"


def _status(company: Company, rest: str) -> int | None:
    try:
        return company.http.get(company.path(rest)).status_code
    except httpx.TransportError:
        return None


def _call_without_recording(company: Company, customer: Customer) -> str:
    customer.twiml("/webhook/incoming_call", ONLY_DIAL)
    call_sid = company.place(counted_speech(20), speed=1)
    call = company.exchange.calls[call_sid]
    while call.status != "in-progress":
        assert not call.over.wait(0.01)
    return call_sid
