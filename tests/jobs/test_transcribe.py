"""The transcript stage, where it meets the storage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from db import businesses, events, tasks, transcripts
from db.engine import Database
from db.events import Event
from db.models import Business, Recording
from db.words import DownloadStatus, Outcome, Stage, TextStatus
from jobs.pipeline import Crew
from jobs.transcribe import MOST_LOSSES, Transcribe, languages_of
from providers.errors import Unavailable
from providers.speech import Transcription, Turn, WhisperTranscriber
from providers.storage import LocalStorage
from tests.providers.speech_files import conversation, write
from tests.support.calls import get_call, get_task, make_calls, sid
from tests.support.crew import make_crew, make_due, work

RECORDING_SID = "RE" + "7" * 32
LEFT = {"inbound": 0, "outbound": 0}


def transcribe_what_is_not_here(database: Database, redis: Redis, folder: Path) -> None:
    trade = Transcribe(WhisperTranscriber("tiny.en"), LocalStorage(folder), database, customer_channel=LEFT)
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
                    seen.append(transcripts.draft(session, get_call(session, 1)).get("turns", []))

            return super().transcribe(audio, on_progress=look, **options)

    trade = Transcribe(Watched("tiny.en"), LocalStorage(tmp_path), database, customer_channel=LEFT)
    work(make_crew(database, redis, trade), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        whole = transcripts.find(session, call)
        assert whole and call.transcript_status == TextStatus.COMPLETED
        assert transcripts.draft(session, call) == {}
    assert seen[0] == []
    assert any(0 < len(draft) < len(whole.turns) for draft in seen)
    assert [turn["text"] for turn in seen[-1]] == [turn["text"] for turn in whole.turns]
    assert {turn["speaker"] for turn in seen[-1]} == {"customer", "business"}


class CutShort(WhisperTranscriber):
    """Its first attempt ends with the first words; keeps what each attempt began with."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.began_with: list[list[Turn]] = []

    def transcribe(self, audio: Path, **options: Any) -> Transcription:
        self.began_with.append(options["earlier"])
        show = options.pop("on_progress")

        def cut(percent: int, turns: Sequence[Turn]) -> None:
            show(percent, turns)
            if turns and len(self.began_with) == 1:
                raise Unavailable("model_error", "The speech model failed.")

        return super().transcribe(audio, on_progress=cut, **options)


def cut_short(database: Database, redis: Redis, folder: Path) -> tuple[CutShort, Crew]:
    """After a first attempt; the next one may begin."""
    make_call_without_its_file(database)
    write(folder / "gone.wav", *conversation())
    transcriber = CutShort("tiny.en")
    crew = make_crew(database, redis, Transcribe(transcriber, LocalStorage(folder), database, customer_channel=LEFT))
    work(crew, sid(1))
    make_due(database)
    return transcriber, crew


def test_a_second_attempt_goes_on_from_the_words_of_the_first(database: Database, redis: Redis, tmp_path: Path) -> None:
    transcriber, crew = cut_short(database, redis, tmp_path)
    work(crew, sid(1))

    first, second = transcriber.began_with
    with database.transaction() as session:
        whole = transcripts.find(session, get_call(session, 1))
        assert whole
        assert first == []
        assert 0 < len(second) < len(whole.turns)
        assert {turn.text for turn in second} < {turn["text"] for turn in whole.turns}


@pytest.mark.slow
def test_words_that_another_model_found_are_not_gone_on_from(database: Database, redis: Redis, tmp_path: Path) -> None:
    transcriber, crew = cut_short(database, redis, tmp_path)
    with database.transaction() as session:
        task = get_task(session, 1, Stage.TRANSCRIPT)
        assert task and task.draft
        task.draft = task.draft | {"model": "small"}
    work(crew, sid(1))

    assert transcriber.began_with == [[], []]


@pytest.mark.parametrize("draft", [[{"text": "Hello"}], {"turns": [{"text": "Hello"}]}, {"file": "gone.wav"}])
def test_a_draft_of_another_shape_is_not_gone_on_from(
    database: Database, redis: Redis, tmp_path: Path, draft: Any
) -> None:
    make_call_without_its_file(database)
    write(tmp_path / "gone.wav", *conversation()[:, : 5 * 8000])
    trade = Transcribe(WhisperTranscriber("tiny.en"), LocalStorage(tmp_path), database, customer_channel=LEFT)
    with database.transaction() as session:
        task = get_task(session, 1, Stage.TRANSCRIPT)
        assert task
        task.draft = draft
    work(make_crew(database, redis, trade), sid(1))

    with database.transaction() as session:
        assert get_call(session, 1).transcript_status == TextStatus.COMPLETED


def test_the_model_is_told_what_is_spoken_at_the_business_and_how_its_names_are_written(
    database: Database, redis: Redis, tmp_path: Path
) -> None:
    make_call_without_its_file(database)
    write(tmp_path / "gone.wav", *conversation())
    told: list[tuple[list[str], list[str]]] = []

    class Told(WhisperTranscriber):
        def transcribe(self, audio: Path, **options: Any) -> Transcription:
            told.append((options["languages"], options["hints"]))
            return super().transcribe(audio, **options)

    trade = Transcribe(Told("tiny.en"), LocalStorage(tmp_path), database, customer_channel=LEFT)
    with database.transaction() as session:
        made = businesses.add(session, "Green Valley", [], language="he-IL", vocabulary=["Kfar Saba"])
        get_call(session, 1).business_id = made.id
    work(make_crew(database, redis, trade), sid(1))

    assert told == [(["he"], ["Green Valley", "Kfar Saba"])]


@pytest.mark.parametrize(
    ("spoken", "language", "expected"),
    [
        (["he", "en"], "he", ["he", "en"]),
        (None, "he-IL", ["he"]),
        ([], " EN_us", ["en"]),
        (None, "", []),
        (None, None, []),
    ],
)
def test_what_is_spoken_is_said_in_codes_or_left_to_the_model(
    spoken: list[str] | None, language: str | None, expected: list[str]
) -> None:
    assert languages_of(Business(name="Levi", spoken_languages=spoken, language=language)) == expected
    assert languages_of(None) == []
