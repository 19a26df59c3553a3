"""Businesses, calls and recordings in bulk."""

import os

from sqlalchemy import insert

from benchmarks.web.site import Store
from db.models import CallLog, Recording
from db.words import DownloadStatus, RecordingStatus, Role
from tests.support.calls import sid
from tests.support.people import Person, make_person

CALLED = 4000
"""Businesses that are called in turn: their slots never run out, so that every event has a job to enqueue."""

BUSINESSES = f"""
INSERT INTO business (id, name) SELECT n, 'Business ' || n FROM generate_series(1, {CALLED}) n;
INSERT INTO business_number SELECT n, '+1415' || lpad(n::text, 7, '0') FROM generate_series(1, {CALLED}) n;
SELECT setval('business_id_seq', {CALLED});
"""  # noqa: S608

CALLS = """
INSERT INTO call_log (call_sid, business_id, direction, from_number, to_number, call_status, duration, created_at,
    recording_status, recording_sid, recording_download_status, transcript_status, summary_status, outcome, summary)
SELECT 'CA' || lpad(to_hex(n), 32, '0'), {last} - n % 50, CASE WHEN n % 9 = 0 THEN 'outbound' ELSE 'inbound' END,
    '+1415555' || n % 9999, '+14155550100', CASE WHEN n % 20 = 0 THEN 'busy' ELSE 'completed' END, 60,
    timezone('utc', now()) - n * interval '{seconds} seconds', 'completed', 'RE' || lpad(to_hex(n), 32, '0'), 'ready',
    'completed', CASE WHEN n % 500 < 50 AND n % 7 = 0 THEN 'failed' ELSE 'completed' END,
    CASE WHEN n % 500 < 50 AND n % 7 = 0 THEN 'gave_up' END, repeat('What was said. ', 20)
FROM generate_series(1, {calls}) n;
"""
"""Of fifty businesses, all within a year; one in seventy has failed."""

UNCHECKED = "SET session_replication_role TO replica;"
"""A million references to rows that were written a moment ago need no check."""

YEAR_SECONDS = 365 * 24 * 3600


def number(business: int) -> str:
    """What a business is called at."""
    return f"+1415{business % CALLED + 1:07d}"


def fill(store: Store, calls: int) -> tuple[Person, Person]:
    """Store so many calls; somebody who may see a fiftieth of them, and an operator."""
    store.run(BUSINESSES)
    reader = make_person(store.database, "reader@example.com", "+14165550100", Role.MANAGER)
    operator = make_person(store.database, "operator@example.com", "+14165550101", Role.OPERATOR)
    stored = CALLS.format(last=reader.business_id, calls=calls, seconds=YEAR_SECONDS / calls)
    store.run(f"{UNCHECKED}{stored}", "VACUUM ANALYZE")
    return reader, operator


def record(store: Store, business_id: int, recordings: int, size: int) -> list[str]:
    """Calls whose recordings are here, of so many bytes each; their CallSids. The disk holds them once."""
    sids = [sid(one) for one in range(1, recordings + 1)]
    for call_sid in sids:
        _keep(store, call_sid, size)
    known = {"business_id": business_id, "recording_status": RecordingStatus.COMPLETED}
    with store.database.transaction() as session:
        for call_sid in sids:
            own = {"call_sid": call_sid, "recording_sid": f"RE{call_sid[2:]}"}
            here = {"recording_download_status": DownloadStatus.READY}
            call_id = session.scalars(insert(CallLog).values(known | own | here).returning(CallLog.id)).one()
            file = {"call_id": call_id, "status": "completed", "file": f"{call_sid}/1.wav"}
            session.execute(insert(Recording).values(file | {"recording_sid": own["recording_sid"]}))
    return sids


def _keep(store: Store, call_sid: str, size: int) -> None:
    whole = store.recordings / "whole.wav"
    file = store.recordings / call_sid / "1.wav"
    file.parent.mkdir(parents=True)
    if not whole.exists():
        whole.write_bytes(os.urandom(size))
    file.hardlink_to(whole)
