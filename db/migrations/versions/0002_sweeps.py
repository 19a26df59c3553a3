"""What the sweeps need: since when they run, how far they have read, and an index of what is unfinished."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UNFINISHED = """(recording_status IN ('pending', 'recording')
    OR transcript_status IN ('pending', 'processing')
    OR summary_status IN ('pending', 'processing')
    OR recording_status = 'completed' AND recording_download_status IN ('missing', 'queued', 'downloading'))"""


def upgrade() -> None:
    now = sa.text("clock_timestamp()")
    op.alter_column("sweep_run", "ran_at", server_default=now)
    op.add_column("sweep_run", sa.Column("since", sa.DateTime(timezone=True), server_default=now, nullable=False))
    op.add_column("sweep_run", sa.Column("watermark", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sweep_run", sa.Column("repaired", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_call_log_unfinished", "call_log", ["created_at"], postgresql_where=sa.text(UNFINISHED))
