"""What was made once outlives a new try that fails, and gives way to one that succeeds."""

from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy.orm import Session

from db import recordings, stages
from db.engine import Database
from db.models import CallLog, Recording, Transcript
from db.recordings import RecordingFacts
from db.words import Stage
from jobs.keeper import Held
from jobs.pipeline import Settle
from providers.errors import Rejected
from tests.support.calls import TERMS
from tests.support.crew import Acting, close_crews, make_crew, work
from tests.support.people import People
from tests.support.twilio import RECORDING_SID
from tests.web import rows
from tests.web import sample_calls as sample
from tests.web.rows import AUDIO, call_of, open_stages
from web.house import House

DONE = {
    "transcript_status": "completed",
    "summary_status": "completed",
    "final_transcript": "Hello.",
    "summary": "They said hello.",
    "audio_bytes_len": len(AUDIO),
}

Press = Callable[..., None]
Perform = Callable[[Stage, Settle | Rejected], None]


@pytest.fixture
def done(house: House, people: People) -> str:
    """A call of Alice's on which everything is done."""
    call_sid = rows.add_fetched_call(house, people.alice.business_id, **DONE)
    sample.add_transcript(house.database, call_sid)
    return call_sid


@pytest.fixture
def press(client: FlaskClient, people: People, done: str) -> Press:
    """Alice insists on a stage."""

    def post(stage: str) -> None:
        path, body = f"/api/calls/{done}/retry", {"stage": stage, "force": True}
        assert client.post(path, json=body, headers=people.alice.headers).status_code == 202

    return post


@pytest.fixture
def perform(house: House, redis: Redis, done: str) -> Iterator[Perform]:
    """A worker of the stage works on the call, with this end."""

    def once(stage: Stage, end: Settle | Rejected) -> None:
        def act(held: Held) -> Settle:
            if isinstance(end, Rejected):
                raise end
            return end

        work(make_crew(house.database, redis, Acting(stage, act), TERMS), done)

    yield once
    close_crews()


def explanation(client: FlaskClient, people: People, call_sid: str) -> str:
    shown = client.get(f"/api/calls/{call_sid}", headers=people.alice.headers).get_json()
    return str(shown["explanation"])


GONE = Rejected("gone", "The recording was deleted at the phone company.", outcome="gone")
NOT_AUDIO = Rejected("not_audio", "The file is not audio that can be played.", outcome="not_audio")
REFUSED = Rejected("bad_answer", "The language model refused to write a summary.", outcome="gave_up")


@pytest.mark.parametrize(
    ("name", "stage", "error"),
    [
        ("recording", Stage.DOWNLOAD, GONE),
        ("transcript", Stage.TRANSCRIPT, NOT_AUDIO),
        ("summary", Stage.SUMMARY, REFUSED),
    ],
)
def test_a_new_try_in_vain_leaves_everything_as_it_was_and_says_so(
    name: str,
    stage: Stage,
    error: Rejected,
    press: Press,
    perform: Perform,
    client: FlaskClient,
    people: People,
    house: House,
    done: str,
) -> None:
    before = rows.statuses_of(house.database, done)

    press(name)
    perform(stage, error)

    assert rows.statuses_of(house.database, done) == before == ("completed", "ready", "completed", "completed", None)
    assert open_stages(house.database) == []
    assert call_of(house.database, done).summary == "They said hello."
    played = client.get(f"/api/recordings/{done}/stream", headers=people.alice.headers)
    assert (played.status_code, played.data) == (200, AUDIO)
    assert explanation(client, people, done).startswith("What was there is still there")


def fetched(session: Session, call: CallLog) -> None:
    row = stages.own_recording(session, call)
    assert row
    row.file = f"{call.call_sid}/{RECORDING_SID}-2.wav"
    stages.settle_download(session, call, bytes_len=9, seconds=1, said_by="tests")


def test_a_recording_that_is_fetched_again_is_not_transcribed_again(
    press: Press, perform: Perform, house: House, done: str
) -> None:
    press("recording")
    perform(Stage.DOWNLOAD, fetched)

    assert rows.statuses_of(house.database, done) == ("completed", "ready", "completed", "completed", None)
    assert open_stages(house.database) == []


def written(session: Session, call: CallLog) -> None:
    stages.settle_transcript(session, call, sample.HEBREW_TURNS, language="he", model="tests", said_by="tests")


def test_a_new_transcript_brings_a_new_summary(press: Press, perform: Perform, house: House, done: str) -> None:
    press("transcript")
    assert call_of(house.database, done).summary_status == "completed"  # the old one is shown meanwhile
    perform(Stage.TRANSCRIPT, written)

    assert open_stages(house.database) == ["summary"]
    with house.database.transaction() as session:
        assert session.query(Transcript).one().turns == sample.HEBREW_TURNS


def test_a_summary_that_waits_in_line_waits_for_the_new_transcript(
    press: Press, perform: Perform, house: House, done: str
) -> None:
    sample.change(house.database, done, summary_status="pending", summary=None)
    sample.open_stage(house.database, done, Stage.SUMMARY)

    press("transcript")
    assert open_stages(house.database) == ["transcript"]
    perform(Stage.TRANSCRIPT, NOT_AUDIO)

    assert open_stages(house.database) == ["summary"]  # of the transcript that is still there


def test_a_transcript_that_waits_in_line_waits_for_the_new_file(
    press: Press, perform: Perform, house: House, done: str
) -> None:
    sample.change(house.database, done, transcript_status="pending", summary_status="pending", summary=None)
    sample.open_stage(house.database, done, Stage.TRANSCRIPT)

    press("recording")
    assert open_stages(house.database) == ["download"]
    perform(Stage.DOWNLOAD, GONE)

    assert open_stages(house.database) == ["transcript"]  # of the file that is still there


def test_what_the_phone_company_says_again_is_taken_in_again(
    client: FlaskClient, people: People, database: Database
) -> None:
    call_sid = rows.add_call(
        database,
        people.alice.business_id,
        call_status="completed",
        recording_status="failed",
        transcript_status="failed",
        summary_status="failed",
        outcome="too_short",
    )
    absent = RecordingFacts(RECORDING_SID, "absent", url="", error_code=16101)
    with database.transaction() as session:
        call_id = call_of(database, call_sid).id
        session.add(Recording(call_id=call_id, recording_sid=RECORDING_SID, status="absent", error_code=16101))
    path = f"/api/calls/{call_sid}/retry"
    assert client.post(path, json={"stage": "recording"}, headers=people.alice.headers).status_code == 202

    with database.transaction() as session:
        call = session.get_one(CallLog, call_id)
        recordings.tell(session, call, absent, said_by="tests", ask_after=1)

    assert rows.statuses_of(database, call_sid) == ("failed", "missing", "failed", "failed", "too_short")
    assert open_stages(database) == []
