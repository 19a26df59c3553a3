"""The callbacks of one call: delivered one after the other, beside the call, with the faults it was given."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from simulator.faults import Faults
from simulator.wire import Fields, Wire


@dataclass(frozen=True)
class Subscription:
    """Where a kind of event is sent, and which of its events were asked for."""

    url: str
    events: frozenset[str]
    method: str = "POST"


@dataclass(frozen=True)
class Notice:
    """One event on its way to the customer."""

    event: str
    url: str
    fields: Fields
    method: str = "POST"
    made_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Delivery:
    """What came of one sending; `status_code` is None when it never got through."""

    event: str
    status_code: int | None


Complaint = Callable[[int, str], Notice]
"""Makes the debugger event for an error code and the address that failed."""


class Outbox:
    """`deliveries` is everything sent so far, in the order in which the answers came.

    `drained` is set when the outbox was closed and nothing is left in it.
    """

    def __init__(self, wire: Wire, faults: Faults, complaint: Complaint, stopping: threading.Event) -> None:
        self.deliveries: list[Delivery] = []
        self._wire = wire
        self._faults = faults
        self._complaint = complaint
        self._stopping = stopping
        self._notices: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self.drained = threading.Event()

    def open(self, name: str) -> None:
        threading.Thread(target=self._deliver_all, name=f"callbacks of {name}", daemon=True).start()

    def put(self, notice: Notice) -> None:
        self._notices.put(notice)

    def close(self) -> None:
        """Nothing will be put any more; what was put is still delivered."""
        self._notices.put(None)

    def ask(self, notice: Notice) -> httpx.Response:
        """Send a request whose answer the call waits for; raises httpx.TransportError."""
        return self._send(notice, str(uuid4()))

    def complain(self, code: int, url: str) -> None:
        self.put(self._complaint(code, url))

    def _deliver_all(self) -> None:
        notices = iter(self._notices.get, None)
        for notice in self._reordered(notices) if self._faults.reorder else notices:
            if self._stopping.wait(self._seconds_to_wait(notice)):
                return
            self._deliver(notice)
        self.drained.set()

    @staticmethod
    def _reordered(notices: Iterator[Notice]) -> list[Notice]:
        """Last things first, once the call is over: the order that contradicts every expectation."""
        return list(notices)[::-1]

    def _seconds_to_wait(self, notice: Notice) -> float:
        return max(0.0, notice.made_at + self._faults.late_seconds - time.monotonic())

    def _deliver(self, notice: Notice) -> None:
        if notice.event in self._faults.dropped:
            self.deliveries.append(Delivery(notice.event, None))
            return
        token = str(uuid4())
        for _ in range(1 + self._faults.duplicates):
            self._send_or_complain(notice, token)
        for _ in range(self._faults.duplicates_with_new_token):
            self._send_or_complain(notice, str(uuid4()))

    def _send_or_complain(self, notice: Notice, token: str) -> None:
        try:
            response = self._send(notice, token)
        except httpx.TransportError:
            self._complain_at_once(notice, 11205)
            return
        if response.status_code >= 400:
            self._complain_at_once(notice, 11200)

    def _complain_at_once(self, notice: Notice, code: int) -> None:
        """A complaint that fails is not complained about."""
        if notice.event == "debugger":
            return
        self._send_or_complain(self._complaint(code, notice.url), str(uuid4()))

    def _send(self, notice: Notice, token: str) -> httpx.Response:
        try:
            response = self._wire.ask(notice.url, notice.fields, notice.method, token)
        except httpx.TransportError:
            self.deliveries.append(Delivery(notice.event, None))
            raise
        self.deliveries.append(Delivery(notice.event, response.status_code))
        return response
