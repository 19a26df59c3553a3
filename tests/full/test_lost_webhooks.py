"""Whichever of a call's five events never arrive: the phone company is asked, and the same rows come of it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from db.models import CallEvent, CallLog, Recording, Task, Transcript
from simulator.placing import place
from tests.full import callers
from tests.support.system import System, eventually

pytestmark = pytest.mark.slow

EVENTS = ("call-initiated", "call-ringing", "call-answered", "call-completed", "recording-completed")
SUBSETS = list(chain.from_iterable(combinations(EVENTS, number) for number in range(len(EVENTS) + 1)))
FEW = [(), EVENTS, ("recording-completed",), ("call-completed",), EVENTS[:-1]]
SECONDS_A_CALL = 4
START_SECONDS = 90

OF_ANY_ROW = {"id", "call_id", "call_sid", "recording_sid", "recording_url", "created_at", "updated_at", "started_at"}
WHEN_IT_HAPPENED_HERE = {"recording_last_enqueue_at", "answered_at", "file"}
"""The file's name carries the recording and the claim."""

TOLD_BY_CALLBACKS_ONLY = {"source", "recording_mode"}
"""Who started the recording: the phone company's list has one word for TwiML and REST."""

OF_THE_WAY = {"call_status", "repaired", "twilio_error"}
"""Events that tell how we heard of the call."""


@contextmanager
def somebody_elses_answer(system: System) -> Iterator[str]:
    """The address of TwiML that we do not serve: it records, and nobody asks us what to do with the call."""
    twiml = (
        '<Response><Start><Recording channels="dual" trim="do-not-trim"'
        f' recordingStatusCallback="{system.url}/webhook/handle_recording"/></Start>'
        "<Dial><Number>+14155550199</Number></Dial></Response>"
    )
    server = make_server("127.0.0.1", 0, Request.application(lambda request: Response(twiml, mimetype="text/xml")))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def register(system: System, voice_url: str) -> None:
    """In the phone company's book: all four events of a call are told, and this address is asked what to do."""
    book = {
        "voice_url": voice_url,
        "status_callback": f"{system.url}/webhook/call_status",
        "status_callback_event": "initiated ringing answered completed",
    }
    listing = system.listing
    account = (listing.account_sid, listing.auth_token)
    number = f"{listing.url}/simulator/numbers/{system.owner.number}"
    httpx.put(number, json=book, auth=account).raise_for_status()


def place_without(system: System, audio: Path, lost: Sequence[str]) -> str:
    """The CallSid of a call whose events in `lost` are never told."""
    wishes = {"to": system.owner.number, "fault": [f"drop={event}" for event in lost]}
    return place(audio, wishes, system.folder / "simulator.json")


def is_final(system: System, call_sid: str) -> bool:
    with system.database.transaction() as session:
        call = session.scalar(select(CallLog).where(CallLog.call_sid == call_sid))
        if call is None or call.summary_status not in ("completed", "failed"):
            return False
        return session.scalar(select(func.count()).where(Task.call_id == call.id)) == 0


def rows_of(system: System, call_sid: str) -> Mapping[str, Any]:
    """Everything stored of a call but what differs by nature."""
    with system.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        recordings = session.scalars(select(Recording).where(Recording.call_id == call.id)).all()
        transcript = session.get_one(Transcript, call.id)
        events = session.scalars(select(CallEvent.event).where(CallEvent.call_id == call.id)).all()
        assert [row.recording_sid for row in recordings] == [call.recording_sid]
        return {
            "call": columns(call),
            "recordings": [columns(row) for row in recordings],
            "turns": transcript.turns,
            "events": sorted(set(events) - OF_THE_WAY),
            "doubled": [event for event in ("downloaded", "transcribed", "summarized") if events.count(event) != 1],
        }


def columns(row: CallLog | Recording) -> dict[str, Any]:
    names = set(row.__table__.columns.keys()) - OF_ANY_ROW - WHEN_IT_HAPPENED_HERE - TOLD_BY_CALLBACKS_ONLY
    return {name: getattr(row, name) for name in sorted(names)}


def live_through(system: System, audio: Path, subsets: Sequence[Sequence[str]]) -> list[Mapping[str, Any]]:
    """What is stored in the end of one call for each subset of events that are lost."""
    with ThreadPoolExecutor(callers.LINES) as pool:
        placed = list(pool.map(lambda lost: place_without(system, audio, lost), subsets))
    patience = START_SECONDS + len(placed) * SECONDS_A_CALL
    eventually(lambda: all(is_final(system, call_sid) for call_sid in placed), patience)
    return [rows_of(system, call_sid) for call_sid in placed]


SIZES = [
    pytest.param(FEW, id="five subsets"),
    pytest.param(SUBSETS, id="all 32 subsets", marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
]


@pytest.mark.parametrize("subsets", SIZES)
def test_every_subset_of_lost_events_ends_in_the_same_rows(
    subsets: Sequence[Sequence[str]], busy_system: System, short_audio: Path
) -> None:
    register(busy_system, f"{busy_system.url}/webhook/incoming_call")

    usual, *others = live_through(busy_system, short_audio, subsets)

    assert usual["call"]["summary_status"] == "completed"
    assert usual["doubled"] == []
    for lost, rows in zip(subsets[1:], others, strict=True):
        assert rows == usual, f"without {lost}"


@pytest.mark.parametrize("subsets", SIZES)
def test_every_subset_of_lost_events_of_a_call_that_we_did_not_answer_ends_in_the_same_rows(
    subsets: Sequence[Sequence[str]], busy_system: System, short_audio: Path
) -> None:
    """With all of them lost nobody has ever told us of the call: its recording is found in the account's list."""
    with somebody_elses_answer(busy_system) as voice_url:
        register(busy_system, voice_url)
        usual, *others = live_through(busy_system, short_audio, subsets)

    assert usual["call"]["summary_status"] == "completed"
    assert usual["call"]["business_id"] == busy_system.owner.business_id
    assert usual["doubled"] == []
    for lost, rows in zip(subsets[1:], others, strict=True):
        assert rows == usual, f"without {lost}"
