"""What is wrong and who has been told, what is counted beyond what other rows say, and more of each sweep."""

from alembic import op

from db.migrations import indexes, strangers

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    """CREATE TABLE IF NOT EXISTS alert (
    name VARCHAR(32) NOT NULL,
    subject VARCHAR(32) NOT NULL DEFAULT '',
    message TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    due_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    told_at TIMESTAMPTZ,
    cleared_at TIMESTAMPTZ,
    heard_by TEXT[] NOT NULL DEFAULT '{}',
    telling_until TIMESTAMPTZ,
    PRIMARY KEY (name, subject))""",
    """CREATE TABLE IF NOT EXISTS tally (
    name VARCHAR(32) NOT NULL,
    label VARCHAR(64) NOT NULL DEFAULT '',
    amount DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (name, label)) WITH (fillfactor = 50)""",
    "ALTER TABLE sweep_run ADD COLUMN IF NOT EXISTS reason VARCHAR(32)",
    "ALTER TABLE sweep_run ADD COLUMN IF NOT EXISTS requeued BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE sweep_run ADD COLUMN IF NOT EXISTS given_up BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE sweep_run ADD COLUMN IF NOT EXISTS repaired_at TIMESTAMPTZ",
)

INDEXES = {"ix_call_log_doubled": "(created_at) WHERE recording_count > 1"}


def upgrade() -> None:
    strangers.refuse(op.get_bind())
    for statement in STATEMENTS:
        op.execute(statement)
    indexes.build(INDEXES)
