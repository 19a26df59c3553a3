"""Calls brought to where a crash point lies on their way."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from os import utime
from pathlib import Path

import httpx
from redis import Redis
from sqlalchemy import ScalarSelect, delete, select, update
from sqlalchemy.orm import Session

from db import claims
from db.claims import Terms
from db.models import CallLog, CallSearch, Task
from db.tasks import NO_BUSINESS
from db.words import Stage
from providers.storage.local import PARTS
from simulator.fields import debugger_fields
from simulator.wire import Wire
from tests.crashes.bench import Bench
from tests.support.system import eventually

CUSTOMER = "+15005550100"
RECORDED = {"Record": "true", "RecordingChannels": "dual"}
LISTENING = '<Response><Pause length="10"/></Response>'
"""What a call may be told without asking us."""

LOST = 11200
"""Twilio's error code for a webhook that was not answered as it should."""

GONE = Terms(slots=3, lease=0, attempts=5)
"""A lease that is over as soon as it begins."""


def in_line(bench: Bench, call_sid: str, stage: Stage) -> None:
    """Wait until the call stands in line for a stage."""
    eventually(lambda: _ask(bench, lambda session: _find(session, call_sid, stage) is not None))


def of_nobody(bench: Bench) -> "Future[str]":
    """A call as if its recording were the first that we hear of it: nobody has told its numbers."""
    placed = bench.call()
    in_line(bench, placed.result(), Stage.DOWNLOAD)
    with bench.system.database.transaction() as session:
        found = select(CallLog).where(CallLog.call_sid == placed.result()).with_for_update()
        call = session.scalars(found).one()
        call.from_number = call.to_number = call.direction = call.twilio_direction = call.business_id = None
        session.execute(update(Task).where(Task.call_id == call.id).values(business_id=NO_BUSINESS))
    return placed


def abandoned(bench: Bench, call_sid: str) -> None:
    """As if the worker that downloads had been killed a lease ago."""
    in_line(bench, call_sid, Stage.DOWNLOAD)
    with bench.system.database.transaction() as session:
        assert claims.claim(session, Stage.DOWNLOAD, call_sid, "a worker that was killed", GONE)


def lost_by_redis(bench: Bench, call_sid: str) -> None:
    """Its job is gone, with everything else there."""
    in_line(bench, call_sid, Stage.DOWNLOAD)
    with Redis.from_url(bench.births.environment["REDIS_URL"]) as redis:
        redis.flushall()


def unlisted(bench: Bench, call_sid: str) -> None:
    """It stands in nobody's line any more."""
    in_line(bench, call_sid, Stage.DOWNLOAD)
    with bench.system.database.transaction() as session:
        call = select(CallLog.id).where(CallLog.call_sid == call_sid)
        session.execute(delete(Task).where(Task.call_id.in_(call)))


def unread(bench: Bench, call_sid: str) -> None:
    """Nobody has written down what a search finds it by, as of calls that were there before us."""
    with bench.system.database.transaction() as session:
        session.execute(update(CallSearch).where(CallSearch.call_id == _id_of(call_sid)).values(document=None))


def is_read(bench: Bench, call_sid: str) -> bool:
    with bench.system.database.transaction() as session:
        return session.scalar(select(CallSearch.document).where(CallSearch.call_id == _id_of(call_sid))) is not None


def _id_of(call_sid: str) -> ScalarSelect[int]:
    return select(CallLog.id).where(CallLog.call_sid == call_sid).scalar_subquery()


def outbound(bench: Bench, **order: str) -> str:
    """The CallSid of a call that the owner's number has placed, when it is over."""
    listing = bench.system.listing
    form = {"To": CUSTOMER, "From": bench.system.owner.number}
    auth = (listing.account_sid, listing.auth_token)
    with httpx.Client(base_url=listing.url, auth=auth) as phone:
        placed = phone.post(f"/2010-04-01/Accounts/{listing.account_sid}/Calls.json", data=form | order)
        call_sid = str(placed.json()["sid"])
        eventually(lambda: phone.get(f"/simulator/calls/{call_sid}", params={"wait": 1}).json()["finished"])
    return call_sid


def tell_of_error(bench: Bench, url: str, call_sid: str) -> None:
    """The phone company reports that a webhook of the call has failed; nobody may be there to hear it."""
    account = bench.system.listing.account
    with suppress(httpx.TransportError):
        Wire(account).ask(f"{url}/webhook/debugger", debugger_fields(account.account_sid, call_sid, LOST, url))


def leave_a_part(bench: Bench) -> None:
    """As if a worker had been killed in mid-download some time ago."""
    part = parts_of(bench) / "CA_RE-1.wav.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"RIFF")
    utime(part, (0, 0))


def parts_of(bench: Bench) -> Path:
    return bench.system.folder / "recordings" / PARTS


def _find(session: Session, call_sid: str, stage: Stage) -> Task | None:
    return session.scalar(
        select(Task).join(CallLog, CallLog.id == Task.call_id).where(CallLog.call_sid == call_sid, Task.stage == stage)
    )


def _ask(bench: Bench, question: Callable[[Session], bool]) -> bool:
    with bench.system.database.transaction() as session:
        return question(session)
