"""Finishes what somebody has deleted: the audio here and at the phone company, then the texts, until all is gone."""

import logging
import time
from collections.abc import Collection

from conf.logs import log_event
from db import deletions as rows
from db import sweep_runs
from db.deletions import Due
from db.engine import Database
from db.recordings import FINAL
from db.words import FINAL_CALL_STATUSES
from jobs import recording_files
from jobs.pipeline import Crew
from jobs.upkeep import Upkeep, sweep
from providers.errors import ProviderError, Rejected, Unavailable
from providers.storage import Storage
from providers.telephony import Telephony

log = logging.getLogger(__name__)

NAME = "deletions"
LONGEST_SECONDS = 20
"""A phone company that does not answer takes ten a question, and other sweeps wait meanwhile."""


class _Unfinished(Exception):
    """The call is on, or its recording is not finished: there is more to delete later. Nothing is wrong."""


@sweep
def deletions(crew: Crew, upkeep: Upkeep) -> None:
    """Go on with every deletion that is due. None is ever given up: whatever was down, it is tried again."""
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until and (due := _take(crew)):
        _go_on(crew, upkeep, due)
    with crew.database.transaction() as session:
        sweep_runs.note(session, NAME)


def _take(crew: Crew) -> Due | None:
    with crew.database.transaction() as session:
        return rows.take(session, crew.pace.after_failure)


def _go_on(crew: Crew, upkeep: Upkeep, due: Due) -> None:
    try:
        _delete_files(upkeep.storage, due)
        gone = _delete_recordings(upkeep.telephony, due)
    except _Unfinished:
        _postpone(crew.database, due, None)
    except ProviderError as error:
        _postpone(crew.database, due, error.reason)
        log_event(log, logging.WARNING, "DELETION_POSTPONED", call_sid=due.call_sid, reason=error.reason)
    else:
        _erase(crew, due, gone)


def _postpone(database: Database, due: Due, reason: str | None) -> None:
    with database.transaction() as session:
        rows.postpone(session, due, reason)


def _delete_files(storage: Storage, due: Due) -> None:
    """Those that a row names, and those whose writer was killed before it could name them."""
    named = {file for file in due.recordings.values() if file}
    for name in named | set(recording_files.of_call(storage, due.call_sid)):
        storage.delete(name)


def _delete_recordings(telephony: Telephony | None, due: Due) -> Collection[str]:
    """All that the phone company has of the call, and all that it ever named. Raises _Unfinished."""
    if telephony is None:
        raise Unavailable("no_credentials", "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN: needed to delete recordings there.")
    is_over = _is_over(telephony, due.call_sid)  # asked first: a call that is over gets no further recording
    listed = {info.recording_sid: info.status for info in telephony.whole_list(due.call_sid)}
    growing = {recording_sid for recording_sid, status in listed.items() if status not in FINAL}
    gone = ({*due.recordings} | {*listed}) - growing
    for recording_sid in gone:
        telephony.delete_recording(recording_sid)
    if growing or not is_over:
        raise _Unfinished
    return gone


def _is_over(telephony: Telephony, call_sid: str) -> bool:
    try:
        return telephony.call(call_sid).status in FINAL_CALL_STATUSES
    except Rejected:
        return True  # nobody knows it there


def _erase(crew: Crew, due: Due, gone: Collection[str]) -> None:
    with crew.database.transaction() as session:
        is_done = rows.finish(session, due, gone, after=crew.terms.lease)
    if is_done:
        log_event(log, logging.INFO, "CALL_DELETED", call_sid=due.call_sid)
