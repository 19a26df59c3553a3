"""Places a call through a phone company that runs in another process, and waits until it is over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from conf.settings import VAR
from simulator.account import STATE_FILE, Account, read_listing

DEMO_FILE = VAR / "demo.json"

# Longer than the phone company lets a question about a call wait.
PATIENCE = httpx.Timeout(60.0, connect=5.0)


class NotPlaced(Exception):
    """There is no call; the message says why."""


@dataclass(frozen=True)
class PhoneCompanyAddress:
    url: str
    account: Account


def place(audio: Path, options: dict[str, Any], state_file: Path | None = None) -> str:
    """Return the CallSid once the call has ended and its recordings are listed. Raises NotPlaced."""
    try:
        sound = audio.read_bytes()
    except OSError as error:
        raise NotPlaced(f"{audio}: {error.strerror}") from error
    for address in _addresses(state_file):
        with _client(address) as client:
            try:
                call_sid = _place(client, sound, options)
            except httpx.ConnectError:
                continue  # left behind by a phone company that has stopped
            _wait(client, call_sid)
            return call_sid
    raise NotPlaced("no phone company is running; start one with: make demo, or python -m simulator serve")


def _addresses(state_file: Path | None) -> Iterator[PhoneCompanyAddress]:
    """The demo's phone company first."""
    if state_file is None and DEMO_FILE.exists():
        demo = json.loads(DEMO_FILE.read_text(encoding="utf-8"))
        yield PhoneCompanyAddress(demo["simulator_url"], Account(demo["twilio_account_sid"], demo["twilio_auth_token"]))
    listing = read_listing(state_file or STATE_FILE)
    if listing:
        yield PhoneCompanyAddress(listing.url, listing.account)


def _client(address: PhoneCompanyAddress) -> httpx.Client:
    credentials = (address.account.account_sid, address.account.auth_token)
    return httpx.Client(base_url=address.url, auth=credentials, timeout=PATIENCE, trust_env=False)


def _place(client: httpx.Client, sound: bytes, options: dict[str, Any]) -> str:
    form = {"options": json.dumps(options)}
    answer = client.post("/simulator/calls", data=form, files={"audio": ("audio", sound)})
    if answer.status_code != 201:
        raise NotPlaced(answer.json().get("message", answer.text))
    return str(answer.json()["call_sid"])


def _wait(client: httpx.Client, call_sid: str) -> None:
    while not client.get(f"/simulator/calls/{call_sid}", params={"wait": 20}).json()["finished"]:
        pass
