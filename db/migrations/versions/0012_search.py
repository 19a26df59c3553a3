"""Finding calls: what is known of each in one index, and the names of callers.

Calls that are there already are noted as unread; a sweep reads them, newest first. `leads` is an old installation's
table, which is left as it is; a new one gets it in the columns that we need.
"""

from alembic import op
from sqlalchemy import text

from db.migrations import strangers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LEADS = (
    """CREATE TABLE leads (
    id SERIAL PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES business (id),
    first_name VARCHAR(255),
    last_name VARCHAR(255),
    phone_e164 VARCHAR(64),
    created_at TIMESTAMP DEFAULT timezone('utc', now()),
    updated_at TIMESTAMP)""",
    "CREATE INDEX ix_leads_tenant_id ON leads (tenant_id)",
    "CREATE INDEX ix_leads_phone_e164 ON leads (phone_e164)",
)

SEARCH = (
    "CREATE TABLE IF NOT EXISTS call_search (call_id BIGINT PRIMARY KEY, document TSVECTOR)",
    "INSERT INTO call_search (call_id) SELECT id FROM call_log ON CONFLICT (call_id) DO NOTHING",
    """CREATE INDEX IF NOT EXISTS ix_call_search_document ON call_search USING gin (document)
    WITH (gin_pending_list_limit = 512)""",
    "CREATE INDEX IF NOT EXISTS ix_call_search_unread ON call_search (call_id) WHERE document IS NULL",
    """DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('call_search') AND contype = 'f') THEN
        ALTER TABLE call_search ADD CONSTRAINT call_search_call_id_fkey FOREIGN KEY (call_id)
        REFERENCES call_log (id) ON DELETE CASCADE NOT VALID;
    END IF;
    END $$""",
)
"""The reference comes last and unchecked: checking it would lock each of a million calls."""


def upgrade() -> None:
    connection = op.get_bind()
    strangers.refuse(connection)
    is_new = connection.scalar(text("SELECT to_regclass('leads') IS NULL"))
    for statement in (*(LEADS if is_new else ()), *SEARCH):
        op.execute(statement)
