"""What placing a call needs, and why the phone company does not place one."""

from dataclasses import dataclass

from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import NewConnectionError

from providers.errors import ProviderError, Unavailable


@dataclass(frozen=True)
class Callbacks:
    """Addresses of ours: where the phone company asks what to do, and where it tells how the call goes."""

    answered: str
    fallback: str
    status: str
    recording: str


class NotPlaced(ProviderError):
    """The phone company refuses this call, and would refuse it again."""


class PerhapsPlaced(Unavailable):
    """Nobody heard the phone company's answer: the call may ring all the same, so it is not asked for again."""


SAID = {
    "bad_number": "The phone company can't call this number.",
    "not_allowed": "The phone company does not let this account call there; its owner can allow the country.",
    "not_our_number": "The phone company does not let this account call from the business's number.",
    "suspended": "The phone company has suspended the account; its owner can see there why.",
}

REASON_OF_CODE = {
    21211: "bad_number",
    21214: "bad_number",
    21217: "bad_number",
    13223: "bad_number",
    13224: "bad_number",
    21215: "not_allowed",
    21216: "not_allowed",
    21219: "not_allowed",
    13227: "not_allowed",
    21210: "not_our_number",
    21212: "not_our_number",
    21213: "not_our_number",
    10001: "suspended",
    10002: "suspended",
    20005: "suspended",
}
"""Twilio's codes: no valid number; no route to it; a country or number that the account may not call; a caller who is
not the account's; an account that is not active, or that is out of money."""


def refusal(code: int | None, status: int | None) -> NotPlaced | None:
    """The reason in our words; None for an answer that says nothing of the call."""
    reason = REASON_OF_CODE.get(code or 0)
    if reason:
        return NotPlaced(reason, SAID[reason])
    if status is not None and 400 <= status < 500 and status not in (401, 403, 408, 429):
        return NotPlaced("refused", f"The phone company refused the call with error {code}.")
    return None


def was_sent(error: RequestException) -> bool:
    """Whether the request may have reached the other side before it went wrong."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return not isinstance(error, ConnectTimeout) and not isinstance(reason, NewConnectionError)
