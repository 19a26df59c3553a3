"""What an old table's own rules do to us: they are kept, worked around, or named before anything starts."""

from collections.abc import Iterator

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from conf.settings import with_driver
from db import calls, migrate, schema
from db.adoption import adopt
from db.calls import CallFacts
from db.engine import Database, connect
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


STATES = "CREATE TYPE state AS ENUM ('pending', 'recording', 'completed', 'failed'); ALTER TABLE call_log"
IN_THE_WAY = {
    "words": (
        "ADD CHECK (recording_mode IN ('realtime', 'recording'))",
        "recording_mode: expected room for TWILIO_CALL",
    ),
    "a call's words": ("ADD CHECK (call_status IN ('in-progress', 'completed'))", "call_status: expected room for"),
    "two columns": (
        "ADD CHECK (transcript_status IN ('pending', 'completed') AND summary_status IN ('pending', 'completed'))",
        "expected room for processing",
    ),
    "counts": ("ADD CHECK (recording_count IN (0, 1))", "recording_count: expected room for 2"),
    "a short word": ("ALTER COLUMN recording_download_status TYPE VARCHAR(10)", "found VARCHAR(10)"),
    "a short error": (
        "ALTER COLUMN last_error TYPE VARCHAR(40)",
        "call_log.last_error: expected TEXT, found VARCHAR(40)",
    ),
    "a short summary": ("ALTER COLUMN summary TYPE VARCHAR(2000)", "call_log.summary: expected TEXT"),
    "a column of theirs": ("ADD COLUMN tenant INTEGER NOT NULL", "call_log.tenant: expected nullable"),
    "nullable": ("ALTER COLUMN direction SET NOT NULL", "call_log.direction: expected nullable, found NOT NULL"),
    "a mode that must be": ("ALTER COLUMN recording_mode SET NOT NULL", "call_log.recording_mode: expected nullable"),
    "text for a number": ("ALTER COLUMN duration TYPE TEXT", "call_log.duration: expected INTEGER, found TEXT"),
    "text for a time": ("ALTER COLUMN created_at TYPE TEXT", "call_log.created_at: expected TIMESTAMP"),
    "no text": ("ALTER COLUMN transcript TYPE JSONB USING NULL", "call_log.transcript: expected TEXT, found JSONB"),
    "an enumeration": (
        "ALTER COLUMN recording_status DROP DEFAULT, ALTER COLUMN recording_status TYPE state USING 'pending'",
        "call_log.recording_status: expected VARCHAR, found STATE",
    ),
}


@pytest.mark.parametrize(("rule", "told"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_a_rule_that_we_would_break_stops_the_run_before_any_call_and_is_named_with_what_mends_it(
    url: str, rule: str, told: str
) -> None:
    execute(url, f"{STATES} {rule}")
    if "tenant" not in rule and "mode SET" not in rule:
        execute(url, ROWS)

    with pytest.raises(MigrationFailed) as stopped:
        migrate.migrate(url)
    message = str(stopped.value)
    assert told in message
    assert refusal(url) is not None

    for mend in message.partition("Run: ")[2].split("; "):
        execute(url, mend)
    assert migrate.migrate(url) == "applied"
    assert refusal(url) is None
    assert count(url, "outcome = 'no_recording'") == count(url, "TRUE")


def test_rules_that_we_keep_are_not_in_the_way(url: str) -> None:
    execute(url, "ALTER TABLE call_log ALTER call_sid SET NOT NULL, ALTER stream_duration_sec TYPE INTEGER")
    execute(url, "ALTER TABLE call_log ALTER updated_at SET NOT NULL, ALTER updated_at SET DEFAULT now()")
    execute(
        url, "ALTER TABLE users ADD COLUMN slug TEXT NOT NULL DEFAULT ''; ALTER TABLE users ALTER slug DROP DEFAULT"
    )

    assert migrate.migrate(url) == "applied"
    assert refusal(url) is None

    database = Database(connect(with_driver(url), statement_seconds=5, application="tests"))
    with database.transaction() as session:
        calls.tell(session, CallFacts("CA" + "9" * 32, "ringing", "inbound"), ask_after=60)
    database.engine.dispose()
    assert count(url, "call_status = 'ringing' AND updated_at IS NOT NULL") == 1


def test_a_time_that_must_be_there_is_the_first_day_where_the_old_one_is_impossible(url: str) -> None:
    execute(url, ROWS)
    execute(url, "ALTER TABLE call_log ALTER COLUMN created_at SET NOT NULL")
    execute(url, "UPDATE call_log SET created_at = '12025-01-01' WHERE id = 5")

    assert migrate.migrate(url) == "applied"

    assert count(url, "created_at = '1971-01-01' AND outcome = 'no_recording'") == 1


def test_rows_with_any_id_are_adopted(url: str) -> None:
    execute(
        url, f"INSERT INTO call_log (id, business_id, call_status, created_at) VALUES (0, 1, {ENDED}), (-7, 1, {ENDED})"
    )

    migrate.migrate(url)

    assert count(url, "outcome = 'no_recording'") == 2


NO_CHANGES = """CREATE FUNCTION archived() RETURNS trigger AS $$ BEGIN RAISE 'archived'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER archived BEFORE UPDATE ON call_log FOR EACH ROW EXECUTE FUNCTION archived()"""


def test_a_trigger_that_lets_no_row_be_changed_stops_the_run(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopt, "BATCH", 10)
    execute(url, ROWS)
    execute(url, NO_CHANGES)

    with pytest.raises(MigrationFailed, match="No row of call_log may be changed"):
        migrate.migrate(url)

    execute(url, "DROP TRIGGER archived ON call_log")
    assert migrate.migrate(url) == "applied"


def test_a_table_of_somebody_else_under_a_name_of_ours_is_not_touched(url: str) -> None:
    execute(url, "CREATE TABLE task (id SERIAL, what TEXT)")

    with pytest.raises(MigrationFailed, match="not ours under names that we need: task"):
        migrate.migrate(url)

    execute(url, "ALTER TABLE task RENAME TO task_of_theirs")
    assert migrate.migrate(url) == "applied"


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
    execute(url, "UPDATE call_log SET recording_url = 'a path', created_at = now() WHERE call_sid = 'CA1'")

    with pytest.raises(MigrationFailed, match=r"same call_sid.*CA1"):
        migrate.migrate(url)

    execute(url, "UPDATE call_log SET call_sid = '' WHERE business_id = 2")
    assert migrate.migrate(url) == "applied"
    assert refusal(url) is None
    assert count(url, "business_id = 2 AND outcome = 'gave_up'") == 1


def test_columns_are_there_but_calls_are_still_being_adopted_so_nothing_starts(url: str) -> None:
    migrate.migrate(url)
    execute(url, "UPDATE second_zero_schema SET version_num = '0003'")

    assert "second_zero_schema: expected revision 0015, found 0003" in (refusal(url) or "")


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
