"""Press play on a call of an old installation: its recording is fetched, then transcribed; or it is said why not."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from db import stages, tasks, transcripts
from db.models import CallLog, Recording
from db.words import Stage
from jobs.download import Download
from jobs.record import Record
from jobs.summarize import Summarize
from providers.language.summarizers import make_summarizer
from providers.telephony import Telephony
from tests.legacy import odd_calls
from tests.legacy.conftest import Adopt, Adopted
from tests.legacy.odd_calls import ALICE, BOB, ENDED, WAITS, OddCall, url
from tests.legacy.test_reading import reading_as
from tests.simulator.counted_speech import counted_speech
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.support.calls import get_call, sid
from tests.support.crew import PACE, close_crews, make_crew, make_due, work
from tests.web.browsing import csrf_token

PlayerOf = Callable[..., "Player"]

EMAIL = {ALICE: "alice@example.com", BOB: "bob@example.com"}


def old_call(columns: dict[str, object], business: int = ALICE) -> OddCall:
    return OddCall("a call", ENDED | columns, WAITS, business=business)


class Player:
    """Somebody who presses play, and the workers that hear of it."""

    def __init__(self, adopted: Adopted, redis: Redis, company: Company) -> None:
        self.adopted, database = adopted, adopted.database
        telephony = Telephony(ACCOUNT.account_sid, ACCOUNT.auth_token, company.url)
        look = Record(telephony, database, PACE, on_the_line=600, callback=company.url, may_start=False)
        fetch = Download(telephony, adopted.house.storage, database, PACE)
        self._redis = redis
        self._crews = [make_crew(database, redis, trade) for trade in (look, fetch)]

    def press(self, call_sid: str, business: int = ALICE) -> TestResponse:
        return self._reader(business).get(f"/api/recordings/{call_sid}/stream")

    def wait(self, call_sid: str) -> None:
        """The workers do what stands in their queues."""
        for crew in self._crews:
            work(crew, call_sid)

    def listed_jobs(self) -> list[str]:
        queues = self.adopted.house.queues
        return [*queues.queue("calls").job_ids, *queues.queue("recordings").job_ids]

    def explanation(self, call_sid: str, business: int = ALICE) -> str:
        return str(self._reader(business).get(f"/api/calls/{call_sid}").get_json()["explanation"])

    def _reader(self, business: int) -> FlaskClient:
        return reading_as(self.adopted, EMAIL[business])


@pytest.fixture
def player(adopt: Adopt, redis: Redis, company: Company) -> Iterator[PlayerOf]:
    def serve(*calls: OddCall) -> Player:
        return Player(adopt(lambda database: odd_calls.fill(database, calls)), redis, company)

    yield serve
    close_crews()


def recorded(company: Company) -> tuple[str, str]:
    """A call that the phone company knows, and its recording."""
    call = company.call(counted_speech(4))
    return call["call_sid"], call["recordings"][0]["recording_sid"]


def address(recording_sid: str) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT.account_sid}/Recordings/{recording_sid}"


def open_stages(adopted: Adopted, call_sid: str) -> Sequence[str]:
    with adopted.database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=call_sid).one()
        return sorted(tasks.open_stages(session, call))


def test_its_recording_is_fetched_and_then_transcribed(player: PlayerOf, company: Company) -> None:
    call_sid, recording_sid = recorded(company)
    old = player(old_call({"call_sid": call_sid, "recording_url": address(recording_sid)}))

    assert old.press(call_sid).status_code == 202
    assert old.listed_jobs() == [f"download-{call_sid}"]
    old.wait(call_sid)

    assert old.press(call_sid).status_code == 200
    assert open_stages(old.adopted, call_sid) == ["transcript"]
    assert [recording["media_downloads"] for recording in company.known(call_sid)["recordings"]] == [1]


def test_where_the_old_system_kept_only_a_path_the_phone_company_is_asked_first(
    player: PlayerOf, company: Company
) -> None:
    call_sid, _ = recorded(company)
    old = player(old_call({"call_sid": call_sid, "recording_url": "recordings/1.mp3", "recording_sid": "rec-1"}))

    assert [old.press(call_sid).status_code for _ in range(3)] == [202] * 3
    assert old.listed_jobs() == [f"start-{call_sid}"]
    assert "is being asked" in old.explanation(call_sid)
    old.wait(call_sid)

    assert old.press(call_sid).status_code == 200


def test_of_two_calls_that_name_one_recording_the_one_that_has_it_plays(player: PlayerOf, company: Company) -> None:
    owner, recording_sid = recorded(company)
    other, _ = recorded(company)
    company.exchange.calls[other].recordings.clear()
    named = {"recording_sid": recording_sid, "recording_url": address(recording_sid)}
    old = player(old_call({"call_sid": other} | named, business=BOB), old_call({"call_sid": owner} | named))

    for call_sid, business in ((owner, ALICE), (other, BOB)):
        assert old.press(call_sid, business).status_code == 202
        old.wait(call_sid)

    assert old.press(owner).status_code == 200
    assert old.press(other, BOB).status_code == 409
    assert open_stages(old.adopted, other) == []


@pytest.mark.parametrize("columns", [{"recording_url": url(1)}, {"recording_url": "recordings/1.mp3"}])
def test_a_recording_that_is_gone_is_said_to_be_gone(columns: dict[str, object], player: PlayerOf) -> None:
    old = player(old_call(columns))

    assert old.press(sid(1)).status_code == 202
    old.wait(sid(1))
    refused = old.press(sid(1))

    assert refused.status_code == 409
    assert refused.get_json()["error"]["code"] == "gone"
    assert open_stages(old.adopted, sid(1)) == []


def test_what_the_old_system_writes_down_meanwhile_is_not_written_over(player: PlayerOf, company: Company) -> None:
    call_sid, recording_sid = recorded(company)
    old = player(old_call({"call_sid": call_sid, "recording_url": address(recording_sid)}))
    with old.adopted.database.transaction() as session:
        session.query(CallLog).filter_by(call_sid=call_sid).update({"final_transcript": "Written by the old one."})

    old.press(call_sid)
    old.wait(call_sid)

    with old.adopted.database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=call_sid).one()
        assert (call.transcript_status, call.final_transcript) == ("completed", "Written by the old one.")
    assert open_stages(old.adopted, call_sid) == ["summary"]


def test_an_old_summary_stays_when_the_call_is_transcribed_after_all(player: PlayerOf, company: Company) -> None:
    call_sid, recording_sid = recorded(company)
    old = player(old_call({"call_sid": call_sid, "recording_url": address(recording_sid), "summary": "By hand."}))
    old.press(call_sid)
    old.wait(call_sid)

    with old.adopted.database.transaction() as session:
        call = session.query(CallLog).filter_by(call_sid=call_sid).one()
        turn = {"channel": 0, "speaker": "customer", "start": 0.0, "end": 1.0, "text": "Hello."}
        stages.settle_transcript(session, call, [turn], language="en", model="tests", said_by="tests")
        assert (call.summary, call.summary_status) == ("By hand.", "completed")


def test_an_old_text_is_summed_up_when_somebody_asks_for_it(player: PlayerOf, redis: Redis) -> None:
    old = player(old_call({"recording_url": url(1), "final_transcript": "Customer: I want my order 4729 on Tuesday."}))
    client = reading_as(old.adopted, EMAIL[ALICE])

    answer = client.post(
        f"/api/calls/{sid(1)}/retry", json={"stage": "summary"}, headers={"X-CSRFToken": csrf_token(client)}
    )
    assert answer.status_code == 202
    make_due(old.adopted.database)
    work(
        make_crew(old.adopted.database, redis, Summarize(make_summarizer(None, None, None), old.adopted.database)),
        sid(1),
    )

    with old.adopted.database.transaction() as session:
        call = get_call(session, 1)
        assert "4729" in str(call.summary)
        assert (call.summary_status, call.transcript_status) == ("completed", "completed")
        assert transcripts.find(session, call).turns[0]["speaker"] == "unknown"
        assert session.query(Recording).count() == 1
        assert tasks.find(session, call, Stage.DOWNLOAD) is None
