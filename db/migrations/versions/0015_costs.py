"""An index of the calls that are likely to have cost more than their minutes."""

from db.migrations import indexes

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COUNTED = """id, stream_connect_count, recording_count, webhook_11205_count, webhook_retry_count, deleted_at"""

INDEXES = {
    "ix_call_log_dear": f"""(business_id, created_at) INCLUDE ({COUNTED})
        WHERE estimated_cost_bucket <> 'LOW' AND parent_call_sid IS NULL""",
}


def upgrade() -> None:
    indexes.build(INDEXES)
