"""What an old table's own rules do to us: they are kept, worked around, or named before anything starts."""

from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from conf.settings import with_driver
from db import migrate, schema
from db.migrations.locks import MigrationFailed
from tests.conftest import execute
from tests.legacy.people import PEOPLE
from tests.legacy.schemas import old_database

ENDED = "'completed', now() - interval '1 year'"
ROWS = f"""
INSERT INTO call_log (call_sid, business_id, extracted_city, call_status, created_at)
SELECT 'CA' || lpad(n::text, 32, '0'), 1, CASE WHEN n IN (3, 700) THEN 'Nowhere' END, {ENDED}
FROM generate_series(1, 1200) n"""
FORBIDDEN_CITY = "ALTER TABLE call_log ADD CONSTRAINT no_such_city CHECK (extracted_city <> 'Nowhere') NOT VALID"


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with old_database(postgres_url, "with downloads", PEOPLE) as found:
        yield found


def refusal(url: str) -> str | None:
    """What a process says that won't start."""
    try:
        schema.check(create_engine(with_driver(url), poolclass=NullPool))
    except schema.SchemaWrong as wrong:
        return str(wrong)
    return None


def count(url: str, condition: str) -> int:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM call_log WHERE {condition}")
        (found,) = cursor.fetchone() or (-1,)
    connection.close()
    return int(found)


def test_a_row_that_may_not_be_changed_is_left_and_named_and_the_others_are_adopted(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    execute(url, ROWS)
    execute(url, FORBIDDEN_CITY)

    assert migrate.migrate(url) == "applied"

    assert count(url, "outcome = 'no_recording'") == 1198
    assert [record.getMessage() for record in caplog.records if "CALL_NOT_ADOPTED" in record.getMessage()] == [
        "CALL_NOT_ADOPTED id=3 type=CheckViolation",
        "CALL_NOT_ADOPTED id=700 type=CheckViolation",
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "ADD CONSTRAINT modes CHECK (recording_mode IN ('realtime', 'recording'))",
            ["call_log.recording_mode", "TWILIO_CALL_RECORD", "CHECK", "ALTER TABLE call_log DROP CONSTRAINT modes"],
        ),
        (
            "ADD CONSTRAINT once CHECK (recording_count IN (0, 1))",
            ["call_log.recording_count", "room for 2", "ALTER TABLE call_log DROP CONSTRAINT once"],
        ),
        (
            "ALTER COLUMN recording_download_status TYPE VARCHAR(10)",
            ["call_log.recording_download_status", "VARCHAR(10)", "TYPE VARCHAR(32)"],
        ),
        (
            "ADD COLUMN tenant INTEGER NOT NULL",
            ["call_log.tenant", "NOT NULL", "ALTER TABLE call_log ALTER COLUMN tenant DROP NOT NULL"],
        ),
        ("ALTER COLUMN direction SET NOT NULL", ["call_log.direction", "ALTER COLUMN direction DROP NOT NULL"]),
        (
            "ALTER COLUMN duration TYPE TEXT",
            ["call_log.duration: expected INTEGER, found TEXT", "ALTER COLUMN duration TYPE INTEGER"],
        ),
    ],
    ids=["words", "counts", "length", "a column of theirs", "nullable", "type"],
)
def test_a_rule_that_we_would_break_is_named_with_what_mends_it(url: str, rule: str, told: list[str]) -> None:
    execute(url, f"ALTER TABLE call_log {rule}")
    migrate.migrate(url)

    message = refusal(url) or ""

    assert all(part in message for part in told), message
    execute(url, message.partition("Run: ")[2])
    assert refusal(url) is None


@pytest.mark.parametrize(
    "instead",
    [
        "",
        "CREATE UNIQUE INDEX theirs ON call_log (call_sid)",
        "ALTER TABLE call_log ADD CONSTRAINT theirs UNIQUE (call_sid)",
        "CREATE UNIQUE INDEX uniq_call_log_call_sid ON call_log (call_sid) WHERE call_sid IS NOT NULL",
        "CREATE UNIQUE INDEX uniq_call_log_call_sid ON call_log (call_sid) WHERE duration > 0",
    ],
    ids=["none", "whole", "constraint", "weaker", "of something else"],
)
def test_calls_are_unique_by_their_call_sid_whatever_index_was_there(url: str, instead: str) -> None:
    execute(url, f"DROP INDEX uniq_call_log_call_sid; {instead}")

    migrate.migrate(url)

    assert refusal(url) is None


def test_calls_with_one_call_sid_are_for_an_operator_to_settle(url: str) -> None:
    execute(url, "DROP INDEX uniq_call_log_call_sid")
    execute(url, "INSERT INTO call_log (call_sid, business_id) VALUES ('CA1', 1), ('CA1', 2), ('', 1), ('', 1)")

    with pytest.raises(MigrationFailed, match=r"same call_sid.*CA1"):
        migrate.migrate(url)

    execute(url, "UPDATE call_log SET call_sid = '' WHERE business_id = 2")
    assert migrate.migrate(url) == "applied"
    assert refusal(url) is None


def test_columns_are_there_but_calls_are_still_being_adopted_so_nothing_starts(url: str) -> None:
    migrate.migrate(url)
    execute(url, "UPDATE second_zero_schema SET version_num = '0002'")

    assert "second_zero_schema: expected revision 0004, found 0002" in (refusal(url) or "")


def test_a_database_that_a_newer_version_has_migrated_serves_this_one(url: str) -> None:
    migrate.migrate(url)
    execute(url, "UPDATE second_zero_schema SET version_num = '9999'")

    assert migrate.migrate(url) == "nothing"
    assert refusal(url) is None


def test_a_table_that_somebody_is_altering_is_not_waited_for(url: str) -> None:
    migrate.migrate(url)
    holder = psycopg2.connect(url)
    holder.cursor().execute("LOCK TABLE call_log IN ACCESS EXCLUSIVE MODE")

    assert "being altered" in (refusal(url) or "")
    holder.close()
    assert refusal(url) is None


EARLIER_VERSION = """
DROP TABLE second_zero_schema; CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0002');
ALTER TABLE users ADD COLUMN language VARCHAR(8); ALTER TABLE sweep_run DROP COLUMN watermark;
DROP INDEX ix_call_log_recent;
INSERT INTO call_log (id, call_sid, business_id, created_at)
VALUES (1, 'CA1', 1, '2020-01-01'), (2, 'CA2', 1, '2020-01-01');
INSERT INTO call_event (call_id, event, said_by) VALUES (1, 'call_status', 'twilio');
INSERT INTO task (call_id, stage) VALUES (2, 'recording')
"""


def test_an_earlier_version_of_ours_is_brought_up_to_date_and_its_calls_are_left(url: str) -> None:
    migrate.migrate(url)
    execute(url, EARLIER_VERSION)

    assert migrate.migrate(url) == "applied"

    assert refusal(url) is None
    assert count(url, "recording_status = 'pending' AND outcome IS NULL") == 2
