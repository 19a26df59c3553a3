"""What becomes of an old installation's calls, whatever their rows hold."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from db import migrate
from tests.legacy import odd_calls, people
from tests.legacy.odd_calls import OddCall
from tests.legacy.schemas import SCHEMAS, old_database

BYTE_FOR_BYTE = ("call_sid", "final_transcript", "summary")


@pytest.fixture(scope="module", params=SCHEMAS)
def old(request: pytest.FixtureRequest, postgres_url: str) -> Iterator["Old"]:
    with old_database(postgres_url, request.param, people.PEOPLE) as url:
        yield Old(url)


class Old:
    """An old installation, before and after it was migrated."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: Mapping[int, OddCall] = odd_calls.fill(url)
        self.checksums = self.checksum()
        self.texts = self.columns(*BYTE_FOR_BYTE)
        self.result = migrate.migrate(url)
        self.rows = {row["id"]: row for row in self.ask("SELECT * FROM call_log")}

    def checksum(self) -> list[Any]:
        whole = [f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY id)) FROM {t} t" for t in people.UNTOUCHED]
        columns = people.OLD_COLUMNS_OF_BUSINESS
        business = f"SELECT md5(string_agg(ROW({columns})::text, '|' ORDER BY id)) FROM business"
        return [self.ask(question) for question in (*whole, business)]

    def columns(self, *names: str) -> list[Any]:
        return self.ask(f"SELECT id, {', '.join(names)} FROM call_log ORDER BY id")

    def ask(self, question: str) -> list[Any]:
        with psycopg2.connect(self.url) as connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(question)
            found = cursor.fetchall()
        connection.close()
        return found


def test_every_call_ends_as_its_row_shows(old: Old) -> None:
    words = ("recording_status", "recording_download_status", "transcript_status", "summary_status", "outcome")

    assert old.result == "applied"
    found = {call.name: tuple(old.rows[id][word] for word in words) for id, call in old.calls.items()}
    assert found == {call.name: call.ends for call in old.calls.values()}


def test_what_else_a_row_shows_is_put_into_our_words(old: Old) -> None:
    for id, call in old.calls.items():
        assert {name: old.rows[id][name] for name in call.then} == call.then, call.name


def test_recent_calls_are_in_line_and_older_ones_wait(old: Old) -> None:
    opened = {row["call_id"]: row["stage"] for row in old.ask("SELECT call_id, stage FROM task")}

    assert opened == {id: call.opens for id, call in old.calls.items() if call.opens}


def test_a_recording_that_two_calls_name_is_given_to_neither(old: Old) -> None:
    owners = {row["recording_sid"]: row["call_id"] for row in old.ask("SELECT call_id, recording_sid FROM recording")}

    assert odd_calls.re(14) not in owners
    assert owners[odd_calls.re(1)] == next(id for id, call in old.calls.items() if call.name == "an address")


def test_no_secret_of_an_old_error_is_left(old: Old) -> None:
    shown = str(old.ask("SELECT last_error FROM call_log")) + str(old.ask("SELECT detail FROM call_event"))

    assert odd_calls.SECRET not in shown
    assert "97250" not in shown


def test_what_meant_nothing_to_us_is_kept_in_the_story(old: Old) -> None:
    story = {row["call_id"]: row for row in old.ask("SELECT call_id, event, said_by, detail FROM call_event")}
    was = {call.name: story[id]["detail"].get("was") for id, call in old.calls.items()}

    assert {(row["event"], row["said_by"]) for row in story.values()} == {("adopted", "migration")}
    assert was["an address"] is None
    assert was["words of nobody"] == {"call_status": "???", "direction": "sideways", "transcript_source": "x"}
    assert was["an impossible length"]["duration"] == "-7"
    assert was["the end of time"]["created_at"].startswith("infinity")


def test_calls_are_kept_with_their_texts_and_other_tables_as_they_were(old: Old) -> None:
    assert old.columns(*BYTE_FOR_BYTE) == old.texts
    assert old.checksum() == old.checksums


def test_businesses_are_found_by_numbers_that_say_their_country(old: Old) -> None:
    owned = [(row["business_id"], row["number"]) for row in old.ask("SELECT * FROM business_number ORDER BY 1, 2")]

    assert owned == [(1, "+14155550101"), (2, "+14155550102"), (3, "+14155550102"), (3, "+14155550103")]


def test_a_second_run_changes_nothing(old: Old) -> None:
    before = old.ask("SELECT * FROM call_log ORDER BY id")

    assert migrate.migrate(old.url) == "nothing"
    assert old.ask("SELECT * FROM call_log ORDER BY id") == before


def test_the_adoption_alone_run_again_changes_nothing(old: Old) -> None:
    counts = (
        "SELECT (SELECT count(*) FROM call_event) e, (SELECT count(*) FROM recording) r, (SELECT count(*) FROM task) t"
    )
    before, counted = old.ask("SELECT * FROM call_log ORDER BY id"), old.ask(counts)
    old.ask("UPDATE second_zero_schema SET version_num = '0003' RETURNING 1")

    assert migrate.migrate(old.url) == "applied"
    assert old.ask("SELECT * FROM call_log ORDER BY id") == before
    assert old.ask(counts) == counted
