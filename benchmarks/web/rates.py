"""Webhooks and status polls a second, over what the floor reaches."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.web import shelves, site, wire
from benchmarks.web.site import House
from db.words import Role
from tests.support.calls import sid
from tests.support.people import make_person
from tests.support.web_process import WebProcess

CALLERS = 16
MOST_A_SECOND = 1000
"""More than we reach here; so many events are signed before the clock runs."""

WEBHOOKS = ("call_status", "handle_recording")
FLOOR_WEBHOOK, FLOOR_POLL, POLL = "floor webhook", "floor poll", "status poll"
FLOOR_OF = {**dict.fromkeys(WEBHOOKS, FLOOR_WEBHOOK), POLL: FLOOR_POLL}


@dataclass(frozen=True)
class Rate:
    """Answers a second, CPU seconds of the web processes an answer, the slowest answer, and how many were refusals."""

    a_second: float
    cpu: float
    slowest: float
    refused: int
    answers: int


Round = Mapping[str, Rate]


def measure(house: House, rounds: int, seconds: float) -> Sequence[Round]:
    """Each thing and its floor in turn, in every round."""
    with site.store(house, "rates") as store:
        store.run(shelves.BUSINESSES)
        reader = make_person(store.database, "reader@example.com", "+14165550100", Role.MANAGER)
        [polled] = shelves.record(store, reader.business_id, 1, size=1)
        status = wire.get(f"/api/recordings/{polled}/status", reader.headers)
        with site.floor(store) as floor, site.ours(store) as ours:
            return [dict(_round(floor, ours, status, one, seconds)) for one in range(1, rounds + 1)]


def _round(
    floor: WebProcess, ours: WebProcess, status: bytes, number: int, seconds: float
) -> Iterator[tuple[str, Rate]]:
    most = int(MOST_A_SECOND * seconds)
    first = number * most + 2
    yield FLOOR_WEBHOOK, _rate(floor, itertools.repeat(wire.post("/webhook", "", {})), seconds)
    told = _rate(ours, [call_status(one) for one in range(first, first + most)], seconds)
    yield "call_status", told
    known = range(first, first + told.answers)
    yield "handle_recording", _rate(ours, [handle_recording(one) for one in known], seconds)
    yield FLOOR_POLL, _rate(floor, itertools.repeat(wire.get("/poll", {})), seconds)
    yield POLL, _rate(ours, itertools.repeat(status), seconds)


def _rate(process: WebProcess, requests: Iterable[bytes], seconds: float) -> Rate:
    before = process.cpu_seconds()
    answers, took = wire.crowd(process.port, requests, callers=CALLERS, seconds=seconds)
    refused = sum(answer.status >= 300 for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    cpu = (process.cpu_seconds() - before) / len(answers)
    return Rate(len(answers) / took, cpu, slowest, refused, len(answers))


def call_status(number: int) -> bytes:
    """A fresh call was answered."""
    who = {"From": "+14155550199", "To": shelves.number(number), "Direction": "inbound"}
    return wire.event("/webhook/call_status", CallSid=sid(number), CallStatus="in-progress", **who)


def handle_recording(number: int) -> bytes:
    """Its recording is finished."""
    return wire.event(
        "/webhook/handle_recording",
        CallSid=sid(number),
        RecordingSid=f"RE{number:032x}",
        RecordingStatus="completed",
        RecordingDuration="11",
        RecordingChannels="2",
        RecordingSource="StartCallRecordingTwiML",
    )
