"""The transcript stage, where it meets the storage."""

from pathlib import Path

from redis import Redis

from db.engine import Database
from db.models import Recording
from db.words import DownloadStatus, Stage, TextStatus
from jobs.transcribe import Transcribe
from providers.speech import WhisperTranscriber
from providers.storage import LocalStorage
from tests.support.calls import get_call, get_task, make_calls, sid
from tests.support.crew import make_crew, work

RECORDING_SID = "RE" + "7" * 32


def test_a_file_that_has_gone_from_storage_is_fetched_again(database: Database, redis: Redis, tmp_path: Path) -> None:
    make_calls(database, Stage.TRANSCRIPT, [1])
    with database.transaction() as session:
        call = get_call(session, 1)
        call.recording_sid, call.recording_download_status = RECORDING_SID, DownloadStatus.READY
        session.add(Recording(call_id=call.id, recording_sid=RECORDING_SID, status="completed", file="gone.wav"))
    trade = Transcribe(WhisperTranscriber("tiny.en"), LocalStorage(tmp_path), database, customer_channel={"inbound": 0})

    work(make_crew(database, redis, trade), sid(1))

    with database.transaction() as session:
        call = get_call(session, 1)
        assert (call.recording_download_status, call.transcript_status) == (DownloadStatus.QUEUED, TextStatus.PENDING)
        assert get_task(session, 1, Stage.DOWNLOAD) is not None
        assert get_task(session, 1, Stage.TRANSCRIPT) is None
