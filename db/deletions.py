"""Calls that somebody has deleted: gone for everybody at once, then erased, here and at the phone company.

A tombstone stays, so that nothing that is told later brings the call back. `deletion` holds what is still to be done.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db import tasks
from db.models import Base, CallLog, Deletion, Recording
from db.tasks import seconds
from db.words import DownloadStatus, RecordingStatus, Stage, TextStatus

KEPT = {"id", "call_sid", "business_id", "created_at", "deleted_at"}
"""What a tombstone is: enough to know the call again, and whose it was."""

ENDED = {
    "recording_status": RecordingStatus.FAILED,
    "recording_download_status": DownloadStatus.MISSING,
    "transcript_status": TextStatus.FAILED,
    "summary_status": TextStatus.FAILED,
}
"""Nothing is to happen to it any more, whoever looks at the row: a sweep, or an old system beside us."""

ENOUGH_ATTEMPTS = 20
"""By then the delay has long been the longest; counting on would only overflow."""

COLUMNS = """SELECT attname AS name, attnotnull AS not_null FROM pg_attribute
WHERE attrelid = to_regclass('call_log') AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"""
"""An old installation has more than our models know."""


@dataclass(frozen=True)
class Due:
    """A deletion to go on with, and what we know of: each recording with its file here, if there is one."""

    call_id: int
    call_sid: str
    recordings: Mapping[str, str | None]


def request(session: Session, call: CallLog) -> Sequence[Stage]:
    """From the commit on nobody sees the locked call, and whoever is at work on it has lost the claim; the stages
    that were open."""
    stages = [Stage(name) for name in tasks.open_stages(session, call)]
    for stage in stages:
        tasks.close_task(session, call, stage)
    for column, word in ENDED.items():
        setattr(call, column, word)
    call.deleted_at = func.timezone("utc", func.clock_timestamp())
    session.flush()
    _open(session, call)
    return stages


def hear_of(session: Session, call: CallLog, recording_sid: str, status: str) -> None:
    """The phone company names a recording of a locked call that was deleted: it is to be deleted too."""
    row = insert(Recording).values(call_id=call.id, recording_sid=recording_sid, status=status)
    session.execute(row.on_conflict_do_nothing(index_elements=["recording_sid"]))
    whose = session.scalar(select(Recording.call_id).where(Recording.recording_sid == recording_sid))
    if whose == call.id:
        _open(session, call)


def _open(session: Session, call: CallLog) -> None:
    row = insert(Deletion).values(call_id=call.id)
    anew = {"attempts": 0, "due_at": func.clock_timestamp()}
    session.execute(row.on_conflict_do_update(index_elements=["call_id"], set_=anew))


def take(session: Session, delay_after: Callable[[int], float]) -> Due | None:
    """The deletion that has been due for longest, pushed on before it is tried: neither one that kills its worker nor
    two who look at once do any harm. `delay_after` says for how many seconds, from the attempts."""
    found = session.execute(
        select(Deletion, CallLog.call_sid)
        .join(CallLog, CallLog.id == Deletion.call_id)
        .where(Deletion.due_at <= func.clock_timestamp())
        .order_by(Deletion.due_at)
        .limit(1)
        .with_for_update(of=Deletion, skip_locked=True)
    ).one_or_none()
    if found is None:
        return None
    row, call_sid = found
    row.attempts = min(row.attempts + 1, ENOUGH_ATTEMPTS)
    row.due_at = func.clock_timestamp() + seconds(delay_after(row.attempts))
    known = select(Recording.recording_sid, Recording.file).where(Recording.call_id == row.call_id)
    return Due(row.call_id, str(call_sid), {sid: file for sid, file in session.execute(known)})


def postpone(session: Session, due: Due, reason: str | None) -> None:
    """Something is left; why, if something went wrong."""
    session.execute(update(Deletion).where(Deletion.call_id == due.call_id).values(reason=reason))


def finish(session: Session, due: Due, gone: Collection[str], *, after: float) -> bool:
    """The audio is gone, and these recordings at the phone company: erase the rest. False while something is left.

    Until `after` seconds from the request on a worker that had the call may still put its file there: look once more.
    """
    found = select(CallLog).where(CallLog.id == due.call_id).with_for_update()
    call = session.scalar(found.execution_options(populate_existing=True))
    others = select(Recording.id).where(Recording.call_id == due.call_id, Recording.recording_sid.not_in(gone))
    if call is None or session.scalar(others.limit(1)) is not None:
        return call is None
    _erase(session, call)
    is_over = CallLog.deleted_at < func.timezone("utc", func.clock_timestamp() - seconds(after))
    row = delete(Deletion).where(Deletion.call_id == CallLog.id, CallLog.id == call.id, is_over)
    return session.scalar(row.returning(Deletion.call_id)) is not None


def _erase(session: Session, call: CallLog) -> None:
    """Everything but the tombstone: also what is in tables and columns that are added to the models later."""
    for table, belongs in _parts(call.id):
        session.execute(delete(table).where(belongs))
    session.execute(text(f"UPDATE call_log SET {_changes(session)} WHERE id = :id"), {"id": call.id, **ENDED})  # noqa: S608 - the names are the table's own


def _parts(call_id: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The rows of every table that belong to the call."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns if table is not Deletion.__table__ else ():
            if any(key.column is CallLog.__table__.c.id for key in column.foreign_keys):
                yield table, column == call_id


def _changes(session: Session) -> str:
    """An old table may insist on a value: then it is the column's default."""
    erased = {
        column.name: "DEFAULT" if column.not_null else "NULL"
        for column in session.execute(text(COLUMNS))
        if column.name not in KEPT
    }
    erased["updated_at"] = "timezone('utc', now())"
    return ", ".join(f'"{name}" = {value}' for name, value in (erased | {word: f":{word}" for word in ENDED}).items())
