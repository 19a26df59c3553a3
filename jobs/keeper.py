"""Holds a claim while its work goes on: renews the lease from a side thread, and lets go in time.

The work may sit in a native call for a minute, in which Python's signal handlers do not run. The signal's byte on
the wakeup socket does arrive, and the side thread reads it.
"""

import logging
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conf.logs import log_event
from db import claims, patience
from db.claims import Claim, ClaimLost, Draft
from db.engine import OUTAGES, Database
from db.words import Stage

log = logging.getLogger(__name__)

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
RENEWALS_A_LEASE = 3
"""Two may fail before the lease is over."""

LONGEST_INTERVAL_SECONDS = 20
"""Of a long lease: a claim that somebody else has by now is noticed after this."""

RENEWAL_SECONDS = 1.0
"""What a renewal may take: with a frozen server the side thread must still hear that its time is up."""

SHOW_EVERY_SECONDS = 0.25
"""Progress: each time is a commit, and no reader looks as often."""

End = Callable[[Claim], None]
"""Ends the process."""


class Held:
    """A claim in work: where its worker says how far it is, and learns that it has lost it."""

    def __init__(self, claim: Claim, database: Database, lease: float) -> None:
        self.claim = claim
        self._database = database
        self._lease = lease
        self._progress: int | None = 0
        self._show_again_at = time.monotonic()
        self.over = threading.Event()

    def report(self, percent: int, draft: Draft | None = None) -> None:
        """Show what has been found so far at once, and progress now and then.

        Raises ClaimLost when it is shown, and somebody else has the call by now.
        """
        is_news = percent != self._progress
        self._progress = percent
        if draft is not None or (is_news and time.monotonic() >= self._show_again_at):
            self.renew(draft)
            self._show_again_at = time.monotonic() + SHOW_EVERY_SECONDS

    def renew(self, draft: Draft | None = None) -> None:
        """Hold on for another lease. Raises ClaimLost; a database that does not answer is asked again next time."""
        try:
            with patience.within(RENEWAL_SECONDS), self._database.transaction() as session:
                claims.renew(session, self.claim, self._lease, self._progress, draft)
        except OUTAGES as error:
            log_event(
                log, logging.WARNING, "LEASE_NOT_RENEWED", call_sid=self.claim.call_sid, reason=type(error).__name__
            )


class Keeper:
    """One for a worker process; keeps at most one claim at a time."""

    def __init__(self, database: Database, *, lease: float, grace: float, leave: End, give_up: End) -> None:
        self._database, self._lease, self._grace = database, lease, grace
        self._leave, self._give_up = leave, give_up
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self._stop_at: float | None = None

    def listen(self) -> None:
        """Have signals heard; in the main thread, once."""
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Stop listening."""
        self._ear.close()
        self._mouth.close()

    def is_stopping(self) -> bool:
        """Whether the process was told to stop; between two claims, where nobody else listens."""
        self._wait_until(0)
        return self._stop_at is not None

    @contextmanager
    def hold(self, claim: Claim, longest: float) -> Iterator[Held]:
        """Keep the claim until the block ends. If the process must stop first, `leave` ends it and does not return;
        if the block has not ended after `longest` seconds, `give_up` does."""
        held = Held(claim, self._database, self._lease)
        watch = (held, time.monotonic() + longest)
        thread = threading.Thread(target=self._watch, args=watch, name=f"keeper-{claim.number}", daemon=True)
        thread.start()
        try:
            yield held
        finally:
            held.over.set()
            self._mouth.send(b"\0")
            thread.join()

    def _watch(self, held: Held, deadline: float) -> None:
        interval = min(self._lease / RENEWALS_A_LEASE, LONGEST_INTERVAL_SECONDS)
        next_renewal = time.monotonic() + interval
        while not held.over.is_set():
            self._wait_until(min(next_renewal, deadline, self._stop_at or next_renewal))
            if held.over.is_set():
                return
            if self._stop_at and time.monotonic() >= self._stop_at:
                self._leave(held.claim)
                return
            if time.monotonic() >= deadline:
                self._give_up(held.claim)
                return
            if time.monotonic() >= next_renewal:
                next_renewal += interval
                self._renew(held)

    def _wait_until(self, moment: float) -> None:
        readable, _, _ = select.select([self._ear], [], [], max(0.0, moment - time.monotonic()))
        heard = set(self._ear.recv(64)) if readable else set()
        if self._stop_at is None and STOP_SIGNALS & heard:
            self._stop_at = time.monotonic() + self._grace

    def _renew(self, held: Held) -> None:
        try:
            held.renew()
        except ClaimLost:
            if held.claim.stage is Stage.RECORDING:
                return  # its look ends by itself within seconds
            log_event(log, logging.WARNING, "CLAIM_LOST", call_sid=held.claim.call_sid, stage=held.claim.stage)
            self._leave(held.claim)
