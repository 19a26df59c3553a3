"""Indexes by which calls are counted, and a lead's calls and a call's legs are found."""

from db.migrations import indexes

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OTHER_PARTY = "(CASE WHEN direction = 'outbound' THEN to_number ELSE from_number END)"

COUNTED = """id, duration, call_status, recording_status, recording_download_status, recording_next_retry_at,
    transcript_status, summary_status, outcome, estimated_cost_bucket, deleted_at"""

INDEXES = {
    "ix_call_log_counted": f"(business_id, created_at) INCLUDE ({COUNTED}) WHERE parent_call_sid IS NULL",
    "ix_call_log_lead": f"({OTHER_PARTY}, created_at DESC NULLS LAST, id)",
    "ix_call_log_legs": "(parent_call_sid) WHERE parent_call_sid IS NOT NULL",
}


def upgrade() -> None:
    indexes.build(INDEXES)
