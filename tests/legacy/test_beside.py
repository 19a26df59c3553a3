"""The old system goes on writing while its database is migrated."""

import statistics
import sys
import threading
import time

import psycopg2
import pytest

from db import migrate
from tests.legacy import old_system
from tests.legacy.people import PEOPLE
from tests.legacy.schemas import old_database
from tests.legacy.test_rules import count, refusal

LONGEST_WAIT_SECONDS = 3


def _told(waits: list[float]) -> str:
    return f"median {statistics.median(waits) * 1000:.0f} ms, longest {max(waits):.2f} s "


def migrate_beside(postgres_url: str, calls: int, capsys: pytest.CaptureFixture[str]) -> None:
    with old_database(postgres_url, "before the statuses", PEOPLE) as url:
        old_system.fill(url, calls)
        with old_system.running(url, calls) as diary:
            time.sleep(1)
            began = time.monotonic()
            result = migrate.migrate(url)
            seconds = time.monotonic() - began
            time.sleep(1)
        with capsys.disabled():
            sys.stdout.write(
                f" {calls} calls in {seconds:.1f} s, {len(diary.waits)} writes beside: {_told(diary.waits)}"
            )

        assert result == "applied"
        assert diary.problems == []
        assert old_system.lost(url, diary) == []
        assert max(diary.waits) < LONGEST_WAIT_SECONDS
        assert count(url, "TRUE") == calls + len(diary.inserted)
        waiting = f"recording_status = 'pending' AND id <= {calls}"  # what it inserts meanwhile may be adopted, or not
        assert count(url, waiting) == count(url, f"{waiting} AND id IN (SELECT call_id FROM task)")
        assert refusal(url) is None


def test_nothing_it_writes_is_lost_or_held_up(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrate_beside(postgres_url, 5_000, capsys)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nor_with_a_million_calls(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrate_beside(postgres_url, 1_000_000, capsys)


@pytest.mark.slow
def test_a_row_that_somebody_holds_for_a_while_is_waited_for(postgres_url: str) -> None:
    with old_database(postgres_url, "with statuses", PEOPLE) as url:
        old_system.fill(url, 50)
        holder = psycopg2.connect(url)
        holder.cursor().execute("UPDATE call_log SET from_number = '+14155550000' WHERE id = 7")
        threading.Timer(3, holder.rollback).start()

        assert migrate.migrate(url) == "applied"

        assert refusal(url) is None
        assert count(url, "id IN (SELECT call_id FROM call_event)") == 50
        holder.close()


def test_somebody_who_never_ends_a_transaction_is_named_and_nobody_waits_behind_us(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.migrations.locks.PATIENCE_SECONDS", 3)
    with old_database(postgres_url, "with statuses", PEOPLE) as url:
        old_system.fill(url, 10)
        idle = psycopg2.connect(url, application_name="a forgotten console")
        idle.cursor().execute("SELECT count(*) FROM call_log")
        with old_system.running(url, 10) as diary, pytest.raises(Exception, match=r"a forgotten console.*terminate"):
            migrate.migrate(url)

        assert max(diary.waits) < LONGEST_WAIT_SECONDS
        idle.close()
        assert migrate.migrate(url) == "applied"
