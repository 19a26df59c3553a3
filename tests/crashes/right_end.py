"""What must be true of a call that a crash has interrupted, once it has ended."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import func, select

from db.models import CallEvent, CallLog, Recording, Task, Transcript
from tests.crashes.bench import LEASE_SECONDS, SWEEP_SECONDS, Bench, Kill
from tests.crashes.scenes import parts_of
from tests.support.system import eventually

RECOVERY_SECONDS = LEASE_SECONDS + 2 * SWEEP_SECONDS
UNHURRIED_SECONDS = 15
"""What two busy cores may take besides: the next process starts, and the stages that are left do their work."""

Statuses = tuple[str | None, ...]
FINAL = {"completed", "failed"}
WELL: Statuses = ("completed", "ready", "completed", "completed", None)
NOBODY_SPOKE: Statuses = ("completed", "ready", "completed", "completed", "no_speech")
NOT_RECORDED: Statuses = ("failed", "missing", "failed", "failed", "no_recording")

ONCE = {
    WELL: ("downloaded", "transcribed", "summarized"),
    NOBODY_SPOKE: ("downloaded", "transcribed"),
    NOT_RECORDED: ("settled_without_recording",),
}
"""The events that belong to an end, each of them once."""

MOST_ATTEMPTS = 5
LEFTOVERS_WITHIN_SECONDS = 40
"""Ten sweeps, and as many late ones."""


@dataclass(frozen=True)
class End:
    """What is left of a call in the database."""

    statuses: Statuses
    events: list[str]
    at: float
    transcripts: int
    summary: str | None
    recordings: list[Recording]


def ends_well(
    bench: Bench,
    kill: Kill,
    *,
    like: Statuses = WELL,
    downloads: int = 1,
    more_seconds: float = 0,
    is_swept_late: bool = False,
) -> float:
    """Every stage done, each once, and in time; the seconds from the kill to the end.

    `is_swept_late`: sweeps were interrupted themselves, and start anew to watch leases for as long as one lasts.
    """
    end = wait_for_end(bench, kill.call_sid)
    assert end.statuses == like
    assert {event: end.events.count(event) for event in ONCE[like]} == dict.fromkeys(ONCE[like], 1)
    assert end.transcripts == (like is not NOT_RECORDED)
    assert bool(end.summary) == (like is WELL)
    _has_its_file(bench, kill.call_sid, end.recordings)
    _cost_no_more_than(bench, kill.call_sid, downloads, recordings=len(end.recordings))
    assert len(end.recordings) == (like is not NOT_RECORDED)
    took = end.at - kill.fired.at
    assert took <= RECOVERY_SECONDS + UNHURRIED_SECONDS + more_seconds + is_swept_late * RECOVERY_SECONDS
    return took


def wait_for_end(bench: Bench, call_sid: str) -> End:
    """Nothing more will happen to the call."""

    def look() -> bool:
        with bench.system.database.transaction() as session:
            call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one_or_none()
            if call is None or not {call.transcript_status, call.summary_status} <= FINAL:
                return False
            return not session.scalar(select(func.count()).where(Task.call_id == call.id))

    eventually(look, seconds=40)
    return _read(bench, call_sid)


def _read(bench: Bench, call_sid: str) -> End:
    with bench.system.database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == call_sid)).one()
        events = session.execute(select(CallEvent.event, CallEvent.at).where(CallEvent.call_id == call.id)).all()
        statuses = (
            call.recording_status,
            call.recording_download_status,
            call.transcript_status,
            call.summary_status,
            call.outcome,
        )
        last_words = {event for words in ONCE.values() for event in words}
        return End(
            statuses=statuses,
            events=[event for event, _ in events],
            at=max(at.timestamp() for event, at in events if event in last_words),
            transcripts=session.scalar(select(func.count()).where(Transcript.call_id == call.id)) or 0,
            summary=call.summary,
            recordings=list(session.scalars(select(Recording).where(Recording.call_id == call.id))),
        )


def no_parts_are_left(bench: Bench) -> None:
    """Nobody downloads, and leftovers have been swept."""
    eventually(lambda: not list(parts_of(bench).iterdir()), LEFTOVERS_WITHIN_SECONDS)


def _has_its_file(bench: Bench, call_sid: str, recordings: list[Recording]) -> None:
    """The one its row speaks of, and none that nobody knows."""
    root = bench.system.folder / "recordings"
    files = [recording.file for recording in recordings]
    for recording in recordings:
        content = (root / str(recording.file)).read_bytes()
        assert hashlib.sha256(content).hexdigest() == recording.sha256
    assert [str(path.relative_to(root)) for path in (root / call_sid).glob("*")] == files


def _cost_no_more_than(bench: Bench, call_sid: str, downloads: int, *, recordings: int) -> None:
    made = bench.system.known_to_phone_company(call_sid)["recordings"]
    assert len(made) == recordings
    assert all(recording["media_downloads"] <= downloads for recording in made)
    lines = bench.births.log.read_text().splitlines()
    for job_type in ("start", "download", "transcript", "summary"):
        picked = [line for line in lines if call_sid in line and f"job_type={job_type} " in line]
        assert len(picked) <= MOST_ATTEMPTS, picked
