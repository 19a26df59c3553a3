"""Indexes of call_log, built while others write to it."""

from alembic import op

from db.migrations import indexes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UNFINISHED = """(recording_status IN ('pending', 'recording')
    OR transcript_status IN ('pending', 'processing')
    OR summary_status IN ('pending', 'processing')
    OR recording_status = 'completed' AND recording_download_status IN ('missing', 'queued', 'downloading'))"""

INDEXES = {
    "ix_call_log_recent": "(business_id, created_at DESC NULLS LAST, id)",
    "ix_call_log_recording_sid": "(recording_sid)",
    "ix_call_log_unfinished": f"(created_at) WHERE {UNFINISHED}",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        with indexes.in_their_own_time(connection):
            indexes.ensure_unique_call_sid(connection)
            for name, definition in INDEXES.items():
                indexes.ensure(connection, name, definition)
