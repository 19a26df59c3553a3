"""Indexes for lists of calls: everybody's, those with one status, and those of which a stage has failed."""

from db.migrations import indexes

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IS_AN_ERROR = "(outcome IS NULL OR outcome NOT IN ('no_recording', 'too_short', 'silent', 'no_speech'))"

FAILED = f"""(recording_status = 'failed' AND {IS_AN_ERROR} OR recording_status = 'completed'
    AND recording_download_status = 'failed' AND recording_next_retry_at IS NULL)
    OR (transcript_status = 'failed' AND {IS_AN_ERROR})
    OR (summary_status = 'failed' AND {IS_AN_ERROR})"""

INDEXES = {
    "ix_call_log_newest": "(created_at DESC NULLS LAST, id, business_id, direction)",
    "ix_call_log_status": """(call_status, created_at DESC NULLS LAST, id, business_id)
    WHERE call_status <> 'completed'""",
    "ix_call_log_failed": f"(created_at DESC NULLS LAST, id, business_id) WHERE {FAILED}",
}


def upgrade() -> None:
    indexes.build(INDEXES)
