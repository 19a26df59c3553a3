"""`python -m simulator`, as processes: serving, placing calls, finding each other, and stopping."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conf.settings import ROOT, Settings
from simulator.account import Account, Listing, read_listing, read_or_make_account, write_listing
from tests.simulator.counted_speech import counted_speech, write_wav
from tests.simulator.simulated_customer import ANSWER_AND_DIAL, Customer

COMMAND = [sys.executable, "-m", "simulator"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulator")


@pytest.fixture(scope="module")
def state(folder: Path) -> Path:
    return folder / "state" / "simulator.json"


@pytest.fixture(scope="module")
def speech(folder: Path) -> Path:
    path = folder / "speech.wav"
    path.write_bytes(write_wav(counted_speech(3)))
    return path


@pytest.fixture(scope="module")
def customer() -> Iterator[Customer]:
    customer = Customer()
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    yield customer
    customer.close()


@pytest.fixture(scope="module")
def company(customer: Customer, state: Path) -> Iterator[Listing]:
    """A phone company in a process of its own, which at the end must stop although a call goes on."""
    command = [*COMMAND, "serve", "--port", "0", "--public-base-url", customer.url, "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "listens on http://127.0.0.1:" in process.stdout.readline()
        listing = read_listing(state)
        assert listing
        yield listing
        _place_endless_call(listing)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout.read() == "", "no access lines"


@pytest.fixture
def call(state: Path) -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, "call", "--state", str(state), *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)

    return run


def _place_endless_call(company: Listing) -> None:
    answer = httpx.post(
        f"{company.url}/simulator/calls",
        data={"options": '{"speed": 0.1}'},
        files={"audio": write_wav(counted_speech(3))},
        auth=(company.account_sid, company.auth_token),
        trust_env=False,
    )
    assert answer.status_code == 201


def _calls(company: Listing) -> list[dict[str, Any]]:
    return list(httpx.get(f"{company.url}/simulator/calls", trust_env=False).json())


def test_a_call_returns_when_it_is_over_and_its_recording_is_listed(
    company: Listing, customer: Customer, call: Run, speech: Path
) -> None:
    placed = call("--audio", speech, "--from", "+12125550123", "--to", "+12125550199", "--fault", "late=30")

    assert placed.returncode == 0, placed.stderr
    call_sid = placed.stdout.splitlines()[-1]
    [known] = [known for known in _calls(company) if known["call_sid"] == call_sid]
    assert known["status"] == "completed"
    assert known["recordings"][0]["status"] == "completed"
    assert known.keys() == {"call_sid", "status", "recordings", "callbacks"}
    assert customer.received[0].form["To"] == "+12125550199"


def test_a_file_that_is_no_audio_makes_no_call(company: Listing, call: Run, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir")
    before = _calls(company)

    placed = call("--audio", letter)

    assert (placed.returncode, placed.stdout) == (1, "")
    assert placed.stderr == "the file is not audio: WAV, FLAC or MP3 is needed\n"
    assert _calls(company) == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--fault", "nonsense"], "nonsense is no fault"),
        (["--to", "home"], "home is not a phone number"),
    ],
)
def test_a_wrong_wish_makes_no_call(
    company: Listing, call: Run, speech: Path, arguments: list[str], reason: str
) -> None:
    placed = call("--audio", speech, *arguments)

    assert (placed.returncode, placed.stdout) == (1, "")
    assert reason in placed.stderr


def test_without_a_phone_company_a_call_says_how_to_start_one(tmp_path: Path, call: Run, speech: Path) -> None:
    stale = tmp_path / "simulator.json"
    write_listing(Listing("http://127.0.0.1:9", "AC" + "0" * 32, "secret", "http://127.0.0.1:5000"), stale)

    placed = call("--audio", speech, "--state", stale)

    assert (placed.returncode, placed.stdout) == (1, "")
    assert "no phone company is running" in placed.stderr


def test_the_state_file_tells_only_its_owner_what_is_in_force(
    company: Listing, customer: Customer, state: Path
) -> None:
    assert company.public_base_url == customer.url
    assert state.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(state.read_text())) == {"url", "account_sid", "auth_token", "public_base_url"}
    assert list(state.parent.iterdir()) == [state], "drafts do not stay"


def test_only_the_account_may_place_calls(company: Listing) -> None:
    for request in (("POST", "/simulator/calls"), ("PUT", "/simulator/numbers/+15005550123")):
        assert httpx.request(request[0], company.url + request[1], trust_env=False).status_code == 401


def test_the_account_of_the_settings_comes_first(tmp_path: Path) -> None:
    known = Settings(_env_file=None, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="new, old")

    assert read_or_make_account(known, tmp_path / "state.json") == Account("AC" + "1" * 32, "new")
    assert list(tmp_path.iterdir()) == []


def test_processes_that_ask_at_once_get_one_account(tmp_path: Path) -> None:
    known = Settings(_env_file=None, twilio_account_sid=None, twilio_auth_token=None)
    accounts: list[Account] = []
    threads = [
        threading.Thread(target=lambda: accounts.append(read_or_make_account(known, tmp_path / "x"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(accounts) == 8
    assert len(set(accounts)) == 1


def test_a_call_at_sixty_times_the_speed_takes_a_sixtieth_of_the_time(
    company: Listing, call: Run, tmp_path: Path
) -> None:
    minute = tmp_path / "minute.wav"
    minute.write_bytes(write_wav(counted_speech(60)))
    begin = time.monotonic()

    assert call("--audio", minute).returncode == 0

    assert 1.0 < time.monotonic() - begin < 10
