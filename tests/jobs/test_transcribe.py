"""The transcript stage, where it meets the storage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis

from db import events, tasks, transcripts
from db.engine import Database
from db.events import Event
from db.models import Recording
from db.words import DownloadStatus, Outcome, Stage, TextStatus
from jobs.transcribe import MOST_LOSSES, Transcribe
from providers.speech import Transcription, Turn, WhisperTranscriber
from providers.storage import LocalStorage
from tests.providers.speech_files import conversation, write
from tests.support.calls import get_call, get_task, make_calls, sid
from tests.support.crew import make_crew, work

RECORDING_SID = "RE" + "7" * 32


def transcribe_what_is_not_here(database: Database, redis: Redis, folder: Path) -> None:
    trade = Transcribe(WhisperTranscriber("tiny.en"), LocalStorage(folder), database, customer_channel={"inbound": 0})
    work(make_crew(database, redis, trade), sid(1))


def make_call_without_its_file(database: Database) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    with database.transaction() as session:
        call = get_call(session, 1)
        call.recording_sid, call.recording_download_status = RECORDING_SID, DownloadStatus.READY
        session.add(Recording(call_id=call.id, recording_sid=RECORDING_SID, status="completed", file="gone.wav"))


def test_a_file_that_has_gone_from_storage_is_fetched_again(database: Database, redis: Redis, tmp_path: Path) -> None:
    make_call_without_its_file(database)

    transcribe_what_is_not_here(database, redis, tmp_path)

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.transcript_status) == (DownloadStatus.QUEUED, TextStatus.PENDING)
        assert get_task(session, 1, Stage.DOWNLOAD) is not None
        assert get_task(session, 1, Stage.TRANSCRIPT) is None


def test_a_file_that_is_never_where_it_was_put_is_not_fetched_for_ever(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call_without_its_file(database)
    with database.transaction() as session:
        for _ in range(MOST_LOSSES):
            events.note(session, get_call(session, 1).id, Event.FILE_LOST, said_by="storage")

    transcribe_what_is_not_here(database, redis, tmp_path)

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.transcript_status, call.outcome) == (TextStatus.FAILED, Outcome.GAVE_UP)
        assert tasks.open_stages(session, call) == {}


def test_the_first_words_are_read_while_the_rest_is_being_transcribed(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call_without_its_file(database)
    write(tmp_path / "gone.wav", *conversation())
    seen: list[list[dict[str, Any]]] = []

    class Watched(WhisperTranscriber):
        """Looks at the call, as a reader would, whenever progress was shown."""

        def transcribe(self, audio: Path, **options: Any) -> Transcription:
            show = options.pop("on_progress")

            def look(percent: int, turns: Sequence[Turn]) -> None:
                show(percent, turns)
                with database.transaction() as session:
                    seen.append(transcripts.draft(session, get_call(session, 1)))

            return super().transcribe(audio, on_progress=look, **options)

    channels = {"inbound": 0, "outbound": 0}
    trade = Transcribe(Watched("tiny.en"), LocalStorage(tmp_path), database, customer_channel=channels)
    work(make_crew(database, redis, trade), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        whole = transcripts.find(session, call)
        assert whole and call.transcript_status == TextStatus.COMPLETED
        assert transcripts.draft(session, call) == []
    assert seen[0] == []
    assert any(0 < len(draft) < len(whole.turns) for draft in seen)
    assert [turn["text"] for turn in seen[-1]] == [turn["text"] for turn in whole.turns]
    assert {turn["speaker"] for turn in seen[-1]} == {"customer", "business"}
