"""Calls of an old installation are found, also by the names that it knows."""

import pytest
from sqlalchemy import select

from conf.settings import with_driver
from db import leads, migrate, schema, search
from db.engine import Database, connect
from db.models import CallSearch
from tests.conftest import execute
from tests.legacy.people import PEOPLE
from tests.legacy.schemas import SCHEMAS, old_database

DANA = "+972545550101"
CALL = f"""INSERT INTO call_log (business_id, call_sid, from_number, transcription)
VALUES (1, 'CA{"0" * 32}', '{DANA}', 'the oak table')"""
LEAD = f"INSERT INTO leads (tenant_id, first_name, phone_e164) VALUES (1, 'Dana', '{DANA}')"


def names_in(url: str) -> dict[str, str]:
    database = Database(connect(with_driver(url), statement_seconds=5, application="tests"))
    with database.transaction() as session:
        found = leads.names(session, 1, [DANA])
    database.engine.dispose()
    return found


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_old_call_waits_to_be_read_and_every_old_name_is_known(postgres_url: str, kind: str) -> None:
    with old_database(postgres_url, kind, PEOPLE, CALL, LEAD) as url:
        migrate.migrate(url)
        schema.check(migrate.make_engine(url))
        database = Database(connect(with_driver(url), statement_seconds=5, application="tests"))
        with database.transaction() as session:
            waiting = search.unread(session, 9)
            search.write(session, waiting)
            written = session.scalars(select(CallSearch.call_id).where(CallSearch.document.is_not(None))).all()
            assert leads.names(session, 1, [DANA]) == {DANA: "Dana"}
            leads.name_caller(session, 1, DANA, "Dana Levi")
            assert leads.names(session, 1, [DANA]) == {DANA: "Dana Levi"}
        database.engine.dispose()

    assert waiting == written != []


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("ALTER TABLE leads ADD COLUMN last_name TEXT; UPDATE leads SET last_name = ' Levi '", {DANA: "Dana Levi"}),
        ("ALTER TABLE leads DROP COLUMN created_at", {DANA: "Dana"}),
        ("ALTER TABLE leads DROP COLUMN first_name", {}),
        ("ALTER TABLE leads RENAME COLUMN phone_e164 TO phone", {}),
        ("ALTER TABLE leads ALTER COLUMN tenant_id TYPE TEXT", {}),
        ("UPDATE leads SET first_name = ' '", {}),
    ],
)
def test_leads_of_another_shape_stop_nothing(postgres_url: str, shape: str, known: dict[str, str]) -> None:
    drop = "ALTER TABLE leads DROP CONSTRAINT leads_tenant_id_fkey"
    with old_database(postgres_url, "with downloads", PEOPLE, CALL, LEAD, drop, shape) as url:
        migrate.migrate(url)
        schema.check(migrate.make_engine(url))

        assert names_in(url) == known


def test_an_installation_without_leads_gets_them(postgres_url: str) -> None:
    without = "ALTER TABLE call_log DROP COLUMN lead_id; DROP TABLE leads"
    with old_database(postgres_url, "with downloads", PEOPLE, without) as url:
        migrate.migrate(url)
        execute(url, LEAD)

        assert names_in(url) == {DANA: "Dana"}
