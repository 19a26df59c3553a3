"""The download stage: the phone company's file becomes ours, once, whole and checked."""

import logging
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from conf.logs import log_event
from db import calls, recordings, stages
from db.engine import Database
from db.models import CallLog, Recording
from db.words import Stage
from jobs.facts import call_facts
from jobs.keeper import Held
from jobs.pipeline import Later, Settle, Trade
from providers import audio
from providers.audio import AudioFacts
from providers.errors import NotThereYet, Rejected, Unavailable
from providers.storage import LocalStorage, Part
from providers.telephony import Telephony

log = logging.getLogger(__name__)

WAITS = (1, 2, 3)
"""Seconds between tries while the phone company finishes a file: mostly it takes no longer."""

FINISHED = "completed"
NO_FILE_TO_COME = {"absent", "deleted", "failed"}
SAID_BY = "download"


@dataclass(frozen=True)
class File:
    """A recording's file in our storage."""

    name: str
    part: Part
    audio: AudioFacts


class Download(Trade):
    """Fetches one recording."""

    stage = Stage.DOWNLOAD

    def __init__(self, telephony: Telephony, storage: LocalStorage, database: Database) -> None:
        self._telephony, self._storage, self._database = telephony, storage, database

    def work(self, held: Held) -> Settle:
        """Stream the file into a part file, check it, and put it in its place."""
        if self._identify(held.claim.call_sid):
            return _start_again
        with self._database.transaction() as session:
            wanted = recordings.own(session, session.get_one(CallLog, held.claim.call_id))
        if wanted is None:
            raise Rejected("gone", "The call has no recording.", outcome="gone")
        file = self._fetch(wanted, f"{held.claim.call_sid}/{wanted.recording_sid}-{held.claim.number}.wav")
        return partial(_settle, file)

    def _fetch(self, wanted: Recording, name: str) -> File:
        status = "processing"
        for wait in WAITS:
            try:
                return self._fetch_now(wanted, name)
            except NotThereYet:
                status = self._telephony.recording_status(wanted.recording_sid)
                if status in NO_FILE_TO_COME:
                    raise Rejected("gone", "The recording was deleted at the phone company.", outcome="gone") from None
            time.sleep(wait)
        try:
            return self._fetch_now(wanted, name)
        except NotThereYet as error:
            if status != FINISHED:
                raise
            raise Unavailable(error.reason, str(error)) from error  # it says it has the file: this must end some day

    def _fetch_now(self, wanted: Recording, name: str) -> File:
        with self._telephony.media(wanted.recording_sid, dual=wanted.channels != 1).open() as chunks:
            part, facts = self._storage.save(name, chunks, partial(_checked, wanted.duration))
        return File(name, part, facts)

    def _identify(self, call_sid: str) -> bool:
        """A call that we first heard of by its recording: ask for its numbers; True when it has found its business."""
        with self._database.transaction() as session:
            known = calls.lock(session, call_sid)
            if known is None or known.from_number:
                return False
        try:
            info = self._telephony.call(call_sid)
        except Rejected:
            return False  # the phone company knows the recording, but no longer the call: it stays unassigned
        with self._database.transaction() as session:
            return calls.tell(session, call_facts(info), ask_after=0).business_id is not None


def _start_again(session: Session, call: CallLog) -> Later:
    """In the line of its business, whose slots it did not take."""
    return Later(0)


def _checked(announced: int | None, path: Path) -> AudioFacts:
    facts = audio.measure(path)
    audio.check_length(facts, announced)
    return facts


def _settle(file: File, session: Session, call: CallLog) -> None:
    row = recordings.own(session, call)
    if row is None:
        raise LookupError("the call's recording is gone")
    row.file, row.sha256, row.bytes_len = file.name, file.part.sha256, file.part.bytes_len
    row.audio_seconds, row.channels = file.audio.seconds, file.audio.channels
    stages.settle_download(session, call, bytes_len=file.part.bytes_len, seconds=file.audio.seconds, said_by=SAID_BY)
    short_name = Path(file.name).name
    log_event(
        log, logging.INFO, "WORKER_DOWNLOAD_DONE", call_sid=call.call_sid, file=short_name, bytes=file.part.bytes_len
    )
