"""The drill itself: it does what it says, and its checks can fail."""

import base64
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from conf.settings import ROOT
from tests.conftest import database_in, execute
from tests.drill import work
from tests.drill.callers import cast
from tests.drill.diagram import edges
from tests.drill.evidence import Evidence, Witnesses
from tests.drill.house import MAX_ATTEMPTS, SLOTS
from tests.drill.invariants import nothing_tells_secrets
from tests.drill.kinds import KINDS
from tests.drill.prying import readable
from tests.drill.storm import FLUSH, KILL, STOP, Hit, plan

NUMBERS = ("+14155550100", "+14155550101")
NOW = datetime.now(UTC)

CALLS = "INSERT INTO call_log (id, call_sid) SELECT n, 'CA' || n FROM generate_series(1, 9) n"
TASK = "INSERT INTO task (call_id, stage, business_id) VALUES ({call}, 'download', 1)"
TAKE = """
    UPDATE task SET claim = {claim}, worker = 'recordings-here-7', lease_until = now(), attempts = {attempts}
    WHERE call_id = {call}"""
LEAVE = "UPDATE task SET claim = NULL, worker = NULL, lease_until = NULL WHERE call_id = {call}"
CLOSE = "DELETE FROM task WHERE call_id = {call}"
DOWNLOADED = "INSERT INTO call_event (call_id, event, said_by) VALUES ({call}, 'downloaded', 'download')"


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """A database with the witness in it."""
    execute(postgres_url, "CREATE DATABASE drilled TEMPLATE template")
    url = database_in(postgres_url, "drilled")
    execute(url, (Path(__file__).parent / "witness.sql").read_text())
    execute(url, CALLS)
    yield url
    execute(postgres_url, "DROP DATABASE drilled WITH (FORCE)")


def happen(url: str, *statements: str, call: int = 1, claim: int = 1, attempts: int = 1) -> None:
    """One transaction."""
    known = {"call": call, "claim": claim, "attempts": attempts}
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(**known))
    connection.close()


def evidence(url: str, *hits: Hit) -> Evidence:
    return Evidence(Witnesses(url, "", Path()), {}, hits, (), {}, {}, ())


def test_a_full_storm_kills_every_kind_and_has_all_that_is_asked_for() -> None:
    strokes = plan(300, 240, seed=1)

    kills = Counter(stroke.target for stroke in strokes if stroke.deed == KILL)
    assert set(kills) == set(KINDS)
    assert kills.total() >= 60
    assert sum(stroke.deed == FLUSH for stroke in strokes) == 5
    assert sum(stroke.deed == STOP for stroke in strokes) == 3


def test_the_same_seed_is_the_same_storm_with_the_same_callers() -> None:
    assert plan(50, 60, seed=1) == plan(50, 60, seed=1) != plan(50, 60, seed=2)
    assert cast(50, 60, NUMBERS, seed=1) == cast(50, 60, NUMBERS, seed=1) != cast(50, 60, NUMBERS, seed=2)


def test_callers_meet_every_fault() -> None:
    met = {fault.partition("=")[0] for caller in cast(600, 60, NUMBERS, seed=1) for fault in caller.faults}

    assert met == {
        *("duplicate", "duplicate_new_token", "reorder", "late", "drop", "absent", "mono", "create_21220"),
        *("media_404", "media_429", "media_truncate", "media_stall", "media_html"),
    }


def test_the_page_draws_edges_for_each_status() -> None:
    drawn = edges()

    assert ("downloading", "failed") in drawn["recording_download_status"], "an alias is the status it stands for"
    assert ("ready", "downloading") not in drawn["recording_download_status"]
    assert all(("[*]", start) in drawn[place] for place, start in (("recording_status", "pending"),))


def test_a_claim_that_settles_its_own_result_is_well(url: str) -> None:
    happen(url, TASK)
    happen(url, TAKE)
    happen(url, CLOSE, DOWNLOADED)

    assert not work.writers_never_overlap(evidence(url)).broken
    assert not work.slots_are_kept(evidence(url)).broken


def test_a_result_that_is_written_beside_somebody_elses_claim_is_found(url: str) -> None:
    happen(url, TASK)
    happen(url, TAKE)
    happen(url, DOWNLOADED)

    assert work.writers_never_overlap(evidence(url)).broken


def test_a_claim_number_that_is_used_twice_is_found(url: str) -> None:
    happen(url, TASK)
    for _ in range(2):
        happen(url, TAKE, claim=5)
        happen(url, LEAVE)

    assert work.writers_never_overlap(evidence(url)).broken


def test_one_claim_more_than_there_are_slots_is_found(url: str) -> None:
    for call in range(1, SLOTS + 2):
        happen(url, TASK, call=call)
        happen(url, TAKE, call=call, claim=call)
    for call in range(1, SLOTS + 2):
        happen(url, CLOSE, call=call)

    [broken] = work.slots_are_kept(evidence(url)).broken or ()
    assert broken == f"business 1 had {SLOTS + 1} at work on download"


def test_one_attempt_too_many_is_found(url: str) -> None:
    happen(url, TASK)
    happen(url, TAKE, attempts=MAX_ATTEMPTS + 1)

    assert work.attempts_are_bounded(evidence(url)).broken


def test_a_change_that_is_no_edge_is_found_and_one_within_a_transaction_is_not(url: str) -> None:
    completed, pending = (f"UPDATE call_log SET transcript_status = '{status}'" for status in ("completed", "pending"))
    happen(url, completed, pending)
    assert not work.statuses_follow_the_diagram(evidence(url)).broken

    happen(url, completed)
    assert work.statuses_follow_the_diagram(evidence(url)).broken == [
        "transcript_status: pending to completed, 9 times"
    ]


def test_a_hit_meets_the_claim_its_process_held_at_that_moment(url: str) -> None:
    happen(url, TASK)
    happen(url, TAKE)

    def kill(pid: int, after: float) -> Hit:
        at = datetime.now(UTC) + timedelta(seconds=after)
        return Hit(KILL, "recordings worker", at, at, pid)

    assert evidence(url, kill(7, after=1)).wounded("recordings worker") == 1
    assert evidence(url, kill(8, after=1)).wounded("recordings worker") == 0, "another process"
    assert evidence(url, kill(7, after=-60)).wounded("recordings worker") == 0, "before it was taken"


def test_a_lease_that_ended_without_a_hit_is_found(url: str) -> None:
    event = "INSERT INTO call_event (call_id, event, said_by, detail)"
    execute(url, f"{event} VALUES (1, 'stage_retried', 'sweep', jsonb_build_object('stage', 'download'))")

    assert work.outages_cost_no_attempt(evidence(url)).broken == ["1 leases of download counted, 0 workers hit"]


@pytest.mark.parametrize("place", ["the log", "error answers", "what Redis held"])
def test_a_secret_that_is_told_anywhere_is_found(place: str) -> None:
    told = {"the log": "RECORDING_CALLBACK", "error answers": "404 There is no such call.", "what Redis held": "rq:job"}
    nobody_knows = Evidence(Witnesses("", "", Path()), {}, (), (), {}, told, ["a-secret"])
    assert not nothing_tells_secrets(nobody_knows).broken

    everybody_knows = replace(nobody_knows, told=told | {place: "the token is A-Secret"})
    assert nothing_tells_secrets(everybody_knows).broken == [f"'a-secret' is in {place}"]


def test_where_there_was_nothing_to_read_nothing_is_shown() -> None:
    silent = Evidence(Witnesses("", "", Path()), {}, (), (), {}, {"error answers": ""}, ["a-secret"])

    assert nothing_tells_secrets(silent).broken == ["nothing is in error answers"]


def test_what_rq_has_packed_is_read_too() -> None:
    packed = zlib.compress(b"Traceback: a-secret")

    assert "a-secret" in readable(packed)
    assert "a-secret" in readable(base64.b64encode(packed))
    assert readable(b"\xffplain") == "\ufffdplain"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_small_storm_leaves_nothing_broken() -> None:
    command = [sys.executable, "-W", "ignore:XDG_RUNTIME_DIR", "-m", "tests.drill", "--calls", "12", "--seed", "12"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(re.findall(r"^I\d+ .* ok$", ended.stdout, re.MULTILINE)) == 17
