"""Who the customer is to the phone company, and the file that tells other processes where it listens."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from conf.settings import VAR, Settings
from simulator.sids import make_sid

STATE_FILE = VAR / "simulator.json"


@dataclass(frozen=True)
class Account:
    """`account_sid` and `auth_token` sign callbacks and open the REST API, as Twilio's own do."""

    account_sid: str
    auth_token: str


@dataclass(frozen=True)
class Listing:
    """What the state file says: where the phone company is reached, by whom, and where the customer is."""

    url: str
    account_sid: str
    auth_token: str
    public_base_url: str

    @property
    def account(self) -> Account:
        return Account(self.account_sid, self.auth_token)


def read_or_make_account(settings: Settings, path: Path = STATE_FILE) -> Account:
    """The account of the settings; else the one made at random by whoever asked first, kept in `path`."""
    if settings.twilio_account_sid and settings.twilio_auth_tokens:
        return Account(settings.twilio_account_sid, settings.twilio_auth_tokens[0])
    return (read_listing(path) or _make_listing(settings, path)).account


def customer_address(settings: Settings) -> str:
    """Where callbacks go when nobody says otherwise."""
    return settings.public_base_url or f"http://127.0.0.1:{settings.port}"


def read_listing(path: Path) -> Listing | None:
    """None where there is no such file; a file of other content raises."""
    try:
        return Listing(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def write_listing(listing: Listing, path: Path) -> None:
    _write_private(listing, path).replace(path)


def _make_listing(settings: Settings, path: Path) -> Listing:
    listing = Listing(
        url=settings.twilio_api_base_url,
        account_sid=make_sid("AC"),
        auth_token=secrets.token_hex(16),
        public_base_url=customer_address(settings),
    )
    draft = _write_private(listing, path)
    try:
        os.link(draft, path)  # unlike a rename it fails when another process was first, so both end with one account
    except FileExistsError:
        return read_listing(path) or listing
    finally:
        draft.unlink()
    return listing


def _write_private(listing: Listing, path: Path) -> Path:
    """A whole file beside `path` that only its owner can read, for it holds the token."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(listing), file, indent=1)
    return draft
