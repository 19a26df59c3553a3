"""What the runbook has operators type is right: every question runs, answers truly, and reads no whole big table."""

import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor
from redis import Redis
from sqlalchemy import func, select, update

from db.engine import Database
from db.models import CallLog, Deletion, Recording, SweepRun, Task
from db.tasks import seconds
from db.words import Stage
from jobs import sweeps
from jobs.download import Download
from providers.storage import LocalStorage
from providers.telephony import Telephony
from tests.conftest import execute
from tests.docs.runbook import PAGE, block, blocks
from tests.simulator.counted_speech import counted_speech, write_wav
from tests.support.calls import make_business, sid
from tests.support.crew import PACE, make_crew, make_maintenance, on_duty, work
from tests.support.raw_server import Answer, raw_server
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, RECORDING_SID
from tests.web import sample_calls as sample

LATE = seconds(20 * 60)
IN_LINE = sample.BARE | {"recording_status": "completed", "recording_download_status": "queued"}
AT_WORK = IN_LINE | {"recording_download_status": "downloading"}
WAITS_FOR_RETRY = sample.BARE | {
    "recording_status": "completed",
    "recording_download_status": "failed",
    "last_error": "Recording failed: The phone company answered with error 500.",
}
CALLS: list[dict[str, Any]] = [
    sample.ON_THE_LINE,
    sample.DONE,
    sample.UNRECORDED,
    sample.GIVEN_UP,
    sample.NO_SUMMARY,
    sample.FETCHED,
    sample.WAITING_FOR_PLAY,
    WAITS_FOR_RETRY,
    IN_LINE,
    AT_WORK,
    AT_WORK,
    sample.DONE,
]
"""Number 1 is the newest; the last three are about downloads, and a call that is done."""
QUEUED, LEFT_BEHIND, BUSY = 9, 10, 11
MANY = """
    INSERT INTO call_log (call_sid, created_at, call_status, recording_status, recording_download_status,
        transcript_status, summary_status)
    SELECT 'CA' || n, timezone('utc', now()) - make_interval(hours => n), 'completed', 'completed', 'ready',
        'completed', 'completed' FROM generate_series(1, 20000) n;
    INSERT INTO recording (call_id, recording_sid, status) SELECT id, 'RE' || id, 'completed' FROM call_log;
    INSERT INTO call_event (call_id, event, said_by) SELECT id, 'downloaded', 'download' FROM call_log;
    ANALYZE"""
WAV = write_wav(counted_speech(4))

Answers = list[dict[str, Any]]


@pytest.fixture
def business(database: Database) -> int:
    """One with calls in every state, each a minute older than the one before."""
    business_id = make_business(database, "Rose Bakery")
    for number, columns in enumerate(CALLS, start=1):
        sample.add_call(database, business_id, number, **columns)
    sample.open_stage(database, sid(QUEUED), Stage.DOWNLOAD)
    sample.open_stage(database, sid(BUSY), Stage.DOWNLOAD, progress=0)
    sample.open_stage(database, sid(6), Stage.TRANSCRIPT)
    with database.transaction() as session:
        at_work = CallLog.recording_download_status.in_(("queued", "downloading"))
        session.execute(
            update(CallLog).where(at_work).values(recording_last_enqueue_at=func.timezone("utc", func.now() - LATE))
        )
        session.execute(update(Task).where(Task.claim.is_not(None)).values(worker="recordings-here-7"))
        session.execute(update(Task).values(enqueued_at=func.now() - LATE, due_at=func.now() - LATE))
    return business_id


def ask(url: str, beginning: str, call_sid: str = sid(1)) -> Answers:
    """What the runbook's question answers."""
    return run(url, block("sql", beginning).replace("CA…", call_sid))


def run(url: str, statement: str) -> Answers:
    connection = psycopg2.connect(url, cursor_factory=RealDictCursor)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        found = [dict(row) for row in cursor.fetchall()]
    connection.close()
    return found


def sids(answers: Answers) -> list[str]:
    return [row["call_sid"] for row in answers]


def test_every_question_and_command_says_what_it_is_for() -> None:
    text = PAGE.read_text()

    assert len(blocks("sql")) == text.count("```sql") > 15
    assert len(blocks("sh")) == text.count("```sh")
    assert not re.search(r"^ {4}(SELECT|WITH|DELETE)", re.sub(r"```sql.*?```", "", text, flags=re.DOTALL), re.MULTILINE)


def test_every_link_within_the_page_leads_somewhere() -> None:
    text = PAGE.read_text()
    heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", text, re.M)}

    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= heads


def test_every_question_runs(database_url: str, business: int) -> None:
    for statement in blocks("sql").values():
        run(database_url, statement)


def test_none_reads_the_whole_of_a_big_table(database_url: str, database: Database) -> None:
    execute(database_url, MANY)
    whole = []
    for title, statement in blocks("sql").items():
        plan = "\n".join(row["QUERY PLAN"] for row in run(database_url, f"EXPLAIN {statement}"))
        whole += [title] if re.search(r"Seq Scan on (call_log|call_event|recording)\b", plan) else []

    assert whole == []


def test_the_last_ten_calls_with_their_statuses(database_url: str, business: int) -> None:
    found = ask(database_url, "The last ten calls")

    assert sids(found) == [sid(number) for number in range(1, 11)]
    statuses = ("call_status", "recording_status", "recording_download_status", "transcript_status", "summary_status")
    assert [found[1][name] for name in statuses] == ["completed", "completed", "ready", "completed", "completed"]
    assert found[2]["outcome"] == "no_recording"


def test_what_failed_and_why(database_url: str, business: int) -> None:
    found = {row["call_sid"]: row for row in ask(database_url, "What went wrong")}

    assert set(found) == {sid(4), sid(5), sid(8)}
    assert found[sid(4)]["last_error"] == "Recording failed: The phone company answered with error 500."
    assert (found[sid(5)]["outcome"], found[sid(8)]["outcome"]) == ("gave_up", None)


def test_the_spread_of_download_statuses(database_url: str, business: int) -> None:
    found = ask(database_url, "Where the recordings")

    spread = {(row["recording_status"], row["recording_download_status"]): row["count"] for row in found}
    assert spread == {
        ("completed", "ready"): 4,
        ("completed", "downloading"): 2,
        ("completed", "failed"): 2,
        ("completed", "queued"): 1,
        ("completed", "missing"): 1,
        ("recording", "missing"): 1,
        ("failed", "missing"): 1,
    }


def test_downloads_stuck_for_ten_minutes_and_who_has_them(database_url: str, business: int) -> None:
    found = {row["call_sid"]: row for row in ask(database_url, "Downloads that have been")}

    assert set(found) == {sid(QUEUED), sid(LEFT_BEHIND), sid(BUSY)}
    assert [found[sid(number)]["is_at_work"] for number in (QUEUED, LEFT_BEHIND, BUSY)] == [None, None, True]
    assert found[sid(BUSY)]["worker"] == "recordings-here-7"
    assert all(row["since"].total_seconds() > 600 for row in found.values())


def test_who_holds_which_call_and_since_when(database_url: str, business: int) -> None:
    [held] = ask(database_url, "Who holds which call")

    assert (held["call_sid"], held["worker"], held["stage"]) == (sid(BUSY), "recordings-here-7", "download")
    assert 1200 <= held["since"].total_seconds() < 1300
    assert held["lease"].total_seconds() > 3000


def test_which_sweep_is_late(database_url: str, database: Database) -> None:
    ages = {"leases": 130, "due": 100, "leftovers": 900, "unlisted": 7200}
    with database.transaction() as session:
        session.add_all(SweepRun(name=name, ran_at=func.now() - seconds(age)) for name, age in ages.items())

    assert [row["name"] for row in ask(database_url, "Which sweep is late")] == ["unlisted", "leases"]


def test_what_waits_in_each_line_and_in_which_order(database_url: str, database: Database, business: int) -> None:
    found = {row["stage"]: row for row in ask(database_url, "What waits in each line")}

    assert {row["name"] for row in found.values()} == {"Rose Bakery"}
    assert (found["download"]["waiting"], found["download"]["at_work"]) == (1, 1)
    assert (found["transcript"]["waiting"], found["transcript"]["put_off"]) == (1, 0)
    question = block("sql", "The first twenty").replace("business_id = 1", f"business_id = {business}")
    assert sids(run(database_url, question)) == [sid(6)]


def test_where_a_call_stands_its_story_and_its_deletion(database_url: str, database: Database, business: int) -> None:
    sample.add_story(database, sid(2))
    with database.transaction() as session:
        call_id = session.scalars(select(CallLog.id).where(CallLog.call_sid == sid(4))).one()
        session.add(Deletion(call_id=call_id, reason="no_credentials"))

    [stands] = ask(database_url, "Where a call stands", sid(BUSY))
    assert (stands["stage"], stands["worker"]) == ("download", "recordings-here-7")
    assert [row["event"] for row in ask(database_url, "A call's story", sid(2))][-1] == "summarized"
    assert [row["reason"] for row in ask(database_url, "What is still to be deleted")] == ["no_credentials"]


def announce(database: Database, number: int) -> None:
    """The phone company has told of the call's recording, of four seconds."""
    with database.transaction() as session:
        call = session.scalars(select(CallLog).where(CallLog.call_sid == sid(number))).one()
        call.recording_sid = f"{RECORDING_SID[:-2]}{number:02}"
        known = {"recording_sid": call.recording_sid, "status": "completed", "channels": 2, "duration": 4}
        session.add(Recording(call_id=call.id, **known))


def test_stuck_downloads_set_back_by_hand_are_put_in_line_by_the_sweep_and_fetched_by_a_worker(
    database_url: str, database: Database, redis: Redis, tmp_path: Path, business: int
) -> None:
    for number in (QUEUED, LEFT_BEHIND, BUSY):
        announce(database, number)

    back = sids(ask(database_url, "Set stuck downloads back"))
    assert sorted(back) == [sid(QUEUED), sid(LEFT_BEHIND)], "what a worker is at is left to it"

    with on_duty(make_maintenance(database, redis, tmp_path)):
        sweeps.unlisted()
    with database.transaction() as session:
        in_line = session.scalars(select(CallLog.call_sid).join(Task).where(Task.stage == "download")).all()
    assert {sid(QUEUED), sid(LEFT_BEHIND)} <= set(in_line)

    storage = LocalStorage(tmp_path)
    with raw_server(Answer(body=WAV)) as (server, url):
        telephony = Telephony(ACCOUNT_SID, AUTH_TOKEN, url)
        crew = make_crew(database, redis, Download(telephony, storage, database, PACE))
        for call_sid in back:
            work(crew, call_sid)
        assert len(server.asked) == 2
    with database.transaction() as session:
        ready = select(CallLog.call_sid).where(CallLog.recording_download_status == "ready", CallLog.call_sid.in_(back))
        assert sorted(session.scalars(ready)) == sorted(back)


def test_a_file_that_is_there_though_its_row_says_failed_is_found_and_taken_over(
    database_url: str, database: Database, redis: Redis, tmp_path: Path, business: int
) -> None:
    announce(database, LEFT_BEHIND)
    left = f"{sid(LEFT_BEHIND)}/{RECORDING_SID[:-2]}{LEFT_BEHIND:02}-0.wav"
    LocalStorage(tmp_path).save(left, [WAV], lambda path: None)
    sample.change(database, sid(LEFT_BEHIND), recording_download_status="failed")

    [place] = ask(database_url, "Where the file of a call is", sid(LEFT_BEHIND))
    variables = {"STORAGE": str(tmp_path), "LOOK_FOR": place["look_for"], "PATH": "/usr/bin:/bin"}
    looked = subprocess.run(
        ["bash", "-c", block("sh", "Is the file there")], env=variables, capture_output=True, text=True
    )
    assert (place["recording_download_status"], place["file"]) == ("failed", None)
    assert looked.returncode == 0, looked.stderr
    assert left in looked.stdout

    for_good = block("sql", "Set stuck downloads back").replace("IN ('queued', 'downloading')", "IN ('failed')")
    without_minutes = "\n".join(line for line in for_good.splitlines() if "10 minutes" not in line)
    assert sid(LEFT_BEHIND) in sids(run(database_url, without_minutes))
    with on_duty(make_maintenance(database, redis, tmp_path)):
        sweeps.unlisted()
    with raw_server(Answer(404)) as (server, url):
        trade = Download(Telephony(ACCOUNT_SID, AUTH_TOKEN, url), LocalStorage(tmp_path), database, PACE)
        work(make_crew(database, redis, trade), sid(LEFT_BEHIND))
        assert server.asked == []
    [now] = ask(database_url, "Where the file of a call is", sid(LEFT_BEHIND))
    assert now["recording_download_status"] == "ready"


def test_summaries_that_failed_are_put_in_line_again(
    database_url: str, database: Database, redis: Redis, tmp_path: Path, business: int
) -> None:
    announce(database, 5)
    assert sids(ask(database_url, "Have summaries")) == [sid(5)]

    with on_duty(make_maintenance(database, redis, tmp_path)):
        sweeps.unlisted()
    with database.transaction() as session:
        waits = session.scalars(select(CallLog.call_sid).join(Task).where(Task.stage == "summary")).all()
    assert sid(5) in waits
