"""The transcript stage: who said what, and when."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from conf.logs import log_event
from db import events, recordings, stages, tallies, transcripts
from db.engine import Database
from db.events import Event
from db.models import Business, CallLog
from db.tallies import Sum
from db.texts import says
from db.words import Speaker, Stage
from jobs.conversation import numbers_of
from jobs.keeper import Held
from jobs.pipeline import Settle, Trade
from providers.errors import Rejected
from providers.speech import Transcription, Turn, WhisperTranscriber, Word
from providers.storage import Storage

log = logging.getLogger(__name__)

SAID_BY = "transcript"

MOST_LOSSES = 3
"""Of one call's file: a disk loses one once."""


@dataclass(frozen=True)
class Source:
    """What a transcript is made of, and by which model: a draft of another one is of no use."""

    file: str
    model: str
    fingerprint: str
    """Of how the recording is cut and read: a window must be the same again."""


@dataclass
class _Shown:
    """What readers have seen of a transcription that goes on."""

    direction: str | None
    source: Source
    turns: int = 0


class Transcribe(Trade):
    """Keeps one model warm and writes down one call after another."""

    stage = Stage.TRANSCRIPT
    longest = 5 * 3600

    def __init__(
        self,
        transcriber: WhisperTranscriber,
        storage: Storage,
        database: Database,
        *,
        customer_channel: Mapping[str, int],
    ) -> None:
        self._transcriber, self._storage, self._database = transcriber, storage, database
        self._customer_channel = customer_channel

    def warm_up(self) -> None:
        """Load the model: after any fork, before the first call."""
        self._transcriber.warm()

    def work(self, held: Held) -> Settle:
        """Transcribe the call's own recording, showing progress."""
        with self._database.transaction() as session:
            call = session.get_one(CallLog, held.claim.call_id)
            recording = stages.own_recording(session, call)
            draft = transcripts.draft(session, call)
            business = session.get(Business, call.business_id) if call.business_id else None
        if recording is None or recording.file is None:
            raise Rejected("gone", "The recording's file is not in our storage.", outcome="gone")
        languages, hints = languages_of(business), hints_of(business)
        source = Source(recording.file, self._transcriber.label, self._transcriber.fingerprint(languages, hints))
        earlier = _turns_of(draft, source)
        try:
            with self._storage.local_copy(recording.file) as path:
                heard = self._transcriber.transcribe(
                    path,
                    languages=languages,
                    hints=hints,
                    earlier=earlier,
                    on_progress=partial(self._show, held, _Shown(call.direction, source, len(earlier))),
                )
        except FileNotFoundError:
            return self._have_fetched_again(held)
        return partial(self._settle, heard)

    def _show(self, held: Held, shown: _Shown, percent: int, turns: Sequence[Turn]) -> None:
        """The turns so far, when there are new ones; named as soon as both channels have spoken."""
        if len(turns) <= shown.turns:  # a second attempt finds what the first one found
            held.report(percent)
            return
        shown.turns = len(turns)
        channels = len({turn.channel for turn in turns})
        named = [self._named(turn, channels, shown.direction) for turn in turns]
        held.report(percent, {**asdict(shown.source), "turns": named})

    def _have_fetched_again(self, held: Held) -> Settle:
        """Not for ever: this host may not see the folder that files are put into."""
        with self._database.transaction() as session:
            losses = events.count(session, held.claim.call_id, Event.FILE_LOST)
        if losses >= MOST_LOSSES:
            raise Rejected("gone", "The recording's file is not in our storage.", outcome="gave_up")
        return _fetch_again

    def _settle(self, heard: Transcription, session: Session, call: CallLog) -> None:
        turns = [self._named(turn, heard.channels, call.direction) for turn in heard.turns]
        stages.settle_transcript(
            session,
            call,
            turns,
            language=heard.language,
            model=heard.model,
            said_by=SAID_BY,
            conversation=numbers_of(turns, heard.seconds),
        )
        tallies.add(session, Sum.AUDIO_SECONDS, {"": heard.seconds})
        log_event(log, logging.INFO, "TRANSCRIPT_DONE", call_sid=call.call_sid, seconds=heard.seconds, turns=len(turns))

    def _named(self, turn: Turn, channels: int, direction: str | None) -> dict[str, Any]:
        """The turn as it is stored; on a mono recording nobody can tell who speaks."""
        customer = self._customer_channel["outbound" if direction == "outbound" else "inbound"]
        speaker = Speaker.CUSTOMER if turn.channel == customer else Speaker.BUSINESS
        return {**vars(turn), "speaker": speaker if channels > 1 else Speaker.UNKNOWN}


def _turns_of(draft: Mapping[str, Any], source: Source) -> list[Turn]:
    """What an earlier attempt found in the same file with the same model, cut and read alike."""
    if {name: draft.get(name) for name in asdict(source)} != asdict(source):
        return []
    kept = [{name: value for name, value in turn.items() if name != "speaker"} for turn in draft["turns"]]
    return [Turn(**turn | {"words": tuple(Word(*word) for word in turn["words"])}) for turn in kept]


def _fetch_again(session: Session, call: CallLog) -> None:
    """The file has gone from storage: it is downloaded once more, and the transcript comes after that."""
    recordings.lose_file(session, call)
    stages.mark_open(call, Stage.TRANSCRIPT)
    stages.open_download(session, call)


def languages_of(business: Business | None) -> list[str]:
    """What may be spoken on the business's calls, if it has said so; old installations write he-IL."""
    if business is None:
        return []
    written = business.spoken_languages or [business.language or ""]
    return [code for code in (re.split(r"[-_]", language.strip().lower())[0] for language in written) if code]


def hints_of(business: Business | None) -> list[str]:
    """The names that are likely to be said."""
    names = [business.name, *(business.vocabulary or [])] if business else []
    return [name.strip() for name in names if says(name)]
