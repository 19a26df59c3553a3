"""Calls that somebody deletes, and calls that somebody has us place."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE call_log ADD COLUMN IF NOT EXISTS deleted_at TIMESTAMP",
    """CREATE TABLE IF NOT EXISTS deletion (
    call_id BIGINT PRIMARY KEY REFERENCES call_log (id) ON DELETE CASCADE,
    attempts SMALLINT NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    reason VARCHAR(32))""",
    """CREATE TABLE IF NOT EXISTS placed_call (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key VARCHAR(128) NOT NULL,
    call_sid VARCHAR(64),
    begun_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key))""",
    "CREATE INDEX IF NOT EXISTS ix_placed_call_begun_at ON placed_call (begun_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
