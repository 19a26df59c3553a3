"""A recording's file at the phone company, streamed with limits on size and time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx

from providers.errors import NotThereYet, Rejected, Unavailable

TIMEOUT = httpx.Timeout(15, connect=5)
"""Seconds without a byte before we hang up."""

LONGEST_SECONDS = 600
REFUSED = "The phone company refused our credentials: check TWILIO_AUTH_TOKEN."

MOST_BYTES = 1 << 30
"""Twice a four-hour call in two channels of 8 kHz and 16 bit."""

LONGEST_RETRY_AFTER = 300

certificates = cache(httpx.create_ssl_context)
"""Whom we trust: read once a process, since it takes longer than a small file."""


class Media:
    """One recording's WAV. Iterating `open()` raises Unavailable or Rejected like everything else here."""

    def __init__(self, url: str, auth: tuple[str, str], *, dual: bool) -> None:
        self._url = f"{url}.wav"
        self._auth = auth
        self._dual = dual

    @contextmanager
    def open(self) -> Iterator[Iterator[bytes]]:
        """The file's bytes in pieces. NotThereYet on 404: ask for the recording's status to learn why."""
        try:
            with self._client() as client, self._get(client) as response:
                yield _limited(response)
        except httpx.HTTPError as error:
            raise Unavailable("timeout", "The recording's file broke off on the way.") from error

    def _client(self) -> httpx.Client:
        return httpx.Client(auth=self._auth, timeout=TIMEOUT, verify=certificates())

    @contextmanager
    def _get(self, client: httpx.Client) -> Iterator[httpx.Response]:
        with client.stream("GET", self._url, params={"RequestedChannels": "2"} if self._dual else {}) as response:
            if response.status_code != httpx.codes.BAD_REQUEST or not self._dual:
                _refuse(response)
                yield response
                return
        with client.stream("GET", self._url) as mono:  # 400: asked for two channels of a recording that has one
            _refuse(mono)
            yield mono


def _refuse(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status == httpx.codes.NOT_FOUND:
        raise NotThereYet("not_there_yet", "The phone company does not have the file yet.")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Unavailable("credentials", REFUSED)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        wait = _retry_after(response.headers.get("Retry-After"))
        raise Unavailable("rate_limited", "The phone company asks us to slow down.", retry_after=wait)
    raise Unavailable("phone_company", f"The phone company answered with error {status}.")


def _retry_after(value: str | None) -> float | None:
    """Seconds, within reason; None when the header is missing or no number."""
    if value is None or not (value.isascii() and value.isdecimal()):
        return None
    return float(min(max(int(value), 1), LONGEST_RETRY_AFTER))


def _limited(response: httpx.Response) -> Iterator[bytes]:
    """As they arrive: gathering larger pieces would let a trickle outlast the deadline."""
    deadline = time.monotonic() + LONGEST_SECONDS
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MOST_BYTES:
            raise Rejected("not_audio", "The file is larger than any recording.", outcome="not_audio")
        if time.monotonic() > deadline:
            raise Unavailable("timeout", "The file took too long to arrive.")
        yield chunk
    if not size:
        raise Unavailable("wrong_length", "The phone company sent an empty file.")
