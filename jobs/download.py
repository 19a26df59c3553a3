"""The download stage: the phone company's file becomes ours, once, whole and checked."""

import logging
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from conf.logs import log_event
from db import calls, stages
from db.claims import Claim
from db.engine import Database
from db.models import CallLog, Recording
from db.tasks import NO_BUSINESS
from db.words import Stage
from jobs import recording_files
from jobs.facts import call_facts
from jobs.keeper import Held
from jobs.pace import Pace
from jobs.pipeline import Later, Settle, Trade
from jobs.recording_files import Check, File
from providers.audio import AudioFacts
from providers.errors import NotThereYet, OurOutage, ProviderError, Rejected, Unavailable
from providers.storage import Storage
from providers.telephony import Telephony

log = logging.getLogger(__name__)

WAITS = (1, 2, 3)
"""Seconds between tries while the phone company finishes a file: mostly it takes no longer."""

FINISHED = "completed"
NO_FILE_TO_COME = {"absent", "deleted", "failed"}
SAID_BY = "download"


class Download(Trade):
    """Fetches one recording. `pace` bounds the wait for a file that the phone company has not finished."""

    stage = Stage.DOWNLOAD
    longest = 3600

    def __init__(self, telephony: Telephony, storage: Storage, database: Database, pace: Pace) -> None:
        self._telephony, self._storage, self._database, self._pace = telephony, storage, database, pace

    def work(self, held: Held) -> Settle:
        """Take over what an interrupted attempt left, or stream the file into a part file, check it, and place it."""
        if self._identify(held.claim):
            return _start_again
        with self._database.transaction() as session:
            wanted = stages.own_recording(session, session.get_one(CallLog, held.claim.call_id))
        if wanted is None:
            raise Rejected("gone", "The call has no recording.", outcome="gone")
        name = recording_files.name_of(held.claim, wanted.recording_sid)
        check = partial(_check, held, wanted.duration)
        left = recording_files.adopt(self._storage, name, keep=wanted.file, check=check)
        return partial(self._settle, left or self._fetch(wanted, name, check))

    def disown(self, claim: Claim) -> None:
        """Remove what a late attempt finished, unless the row names it: a commit may succeed without our hearing."""
        with suppress(OurOutage):  # then it stays, used by nobody, until the recording is fetched once more
            for name in recording_files.of_claim(self._storage, claim):
                if not self._is_in_use(claim, name):
                    self._storage.delete(name)

    def _is_in_use(self, claim: Claim, name: str) -> bool:
        with self._database.transaction() as session:
            calls.lock(session, claim.call_sid)  # a commit of ours that is still on its way is waited for
            named = select(Recording.id).where(Recording.call_id == claim.call_id, Recording.file == name)
            return session.scalar(named) is not None

    def _fetch(self, wanted: Recording, name: str, check: Check) -> File:
        waits = iter(WAITS)
        while True:
            with suppress(NotThereYet):
                return self._fetch_now(wanted, name, check)
            status = self._telephony.recording_status(wanted.recording_sid)
            wait = next(waits, None)
            if wait is None or status in NO_FILE_TO_COME:
                raise self._reason_without_file(wanted, status)
            time.sleep(wait)

    def _fetch_now(self, wanted: Recording, name: str, check: Check) -> File:
        with self._telephony.media(wanted.recording_sid, dual=wanted.channels != 1).open() as chunks:
            part, facts = self._storage.save(name, chunks, check)
        return File(name, part, facts)

    def _reason_without_file(self, wanted: Recording, status: str) -> ProviderError:
        """Every one of them ends some day."""
        if status in NO_FILE_TO_COME:
            return Rejected("gone", "The recording was deleted at the phone company.", outcome="gone")
        if status == FINISHED:
            return Unavailable("not_there_yet", "The phone company says it has the file, but does not give it.")
        wait = self._pace.while_unfinished(self._seconds_unfinished(wanted))
        if wait is None:
            return Rejected("not_there_yet", "The phone company never finished the recording.", outcome="gave_up")
        return NotThereYet("not_there_yet", "The phone company does not have the file yet.", retry_after=wait)

    def _seconds_unfinished(self, wanted: Recording) -> float:
        """Since we first heard of it, without what it lasted itself, by the database's clock."""
        age = func.extract("epoch", func.clock_timestamp() - Recording.created_at)
        with self._database.transaction() as session:
            seconds = session.scalar(select(age).where(Recording.id == wanted.id))
        return float(seconds or 0) - (wanted.duration or 0)

    def _identify(self, claim: Claim) -> bool:
        """A call that we first heard of by its recording: ask whose it is; True when it has just found its business."""
        with self._database.transaction() as session:
            known = calls.lock(session, claim.call_sid)
            if known is None or known.direction or known.from_number:
                return False
        try:
            info = self._telephony.call(claim.call_sid)
        except Rejected:
            return False  # the phone company knows the recording, but no longer the call: it stays unassigned
        with self._database.transaction() as session:
            told = calls.tell(session, call_facts(info), ask_after=0)
            return claim.business_id == NO_BUSINESS and told.business_id is not None

    def _settle(self, file: File, session: Session, call: CallLog) -> None:
        row = stages.own_recording(session, call)
        if row is None:
            raise LookupError("the call's recording is gone")
        if row.file:  # fetched anew by hand; until the commit the old one counts
            event.listen(session, "after_commit", partial(self._discard, row.file), once=True)
        row.file, row.sha256, row.bytes_len = file.name, file.part.sha256, file.part.bytes_len
        row.audio_seconds, row.channels, row.peaks = file.audio.seconds, file.audio.channels, file.audio.peaks
        size, seconds = file.part.bytes_len, file.audio.seconds
        stages.settle_download(session, call, bytes_len=size, seconds=seconds, said_by=SAID_BY)
        short_name = Path(file.name).name
        log_event(log, logging.INFO, "WORKER_DOWNLOAD_DONE", call_sid=call.call_sid, file=short_name, bytes=size)

    def _discard(self, name: str, session: Session) -> None:
        with suppress(OurOutage):  # as above
            self._storage.delete(name)


def _start_again(session: Session, call: CallLog) -> Later:
    """In the line of its business, whose slots it did not take."""
    return Later(0)


def _check(held: Held, announced: int | None, path: Path) -> AudioFacts:
    """The last question before the file gets its name is whether it is still ours to give."""
    facts = recording_files.check(announced, path)
    held.renew()
    return facts
