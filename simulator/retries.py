"""How often a request to the customer is repeated: what `#rc=5&rp=all` at the end of its address asks for."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx


@dataclass(frozen=True)
class RetryPolicy:
    """Twilio's own limits where the address says nothing: one more attempt, and only when no connection was made."""

    retries: int = 1
    reasons: frozenset[str] = frozenset({"ct"})
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0

    @property
    def timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.read_seconds, connect=self.connect_seconds)

    def covers_error(self, error: httpx.TransportError) -> bool:
        unconnected = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        return self._wants("ct" if unconnected else "rt")

    def covers_status(self, status_code: int) -> bool:
        return status_code >= 400 and self._wants("4xx" if status_code < 500 else "5xx")

    def _wants(self, reason: str) -> bool:
        return "all" in self.reasons or reason in self.reasons


def read_policy(url: str) -> RetryPolicy:
    """The policy in the address's fragment, which is neither signed nor sent; times there are milliseconds."""
    wishes = dict(parse_qsl(urlsplit(url).fragment))
    usual = RetryPolicy()
    return RetryPolicy(
        retries=_number(wishes, "rc", usual.retries, most=5),
        reasons=frozenset(wishes.get("rp", "ct").split(",")),
        connect_seconds=_number(wishes, "ct", 5000, most=10_000) / 1000,
        read_seconds=_number(wishes, "rt", 15_000, most=15_000) / 1000,
        total_seconds=_number(wishes, "tt", 15_000, most=15_000) / 1000,
    )


def _number(wishes: dict[str, str], name: str, default: int, most: int) -> int:
    text = wishes.get(name, "")
    return min(int(text), most) if text.isdecimal() else default
