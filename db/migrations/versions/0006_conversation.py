"""What the channels tell about the conversation, beside its words."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE transcript ADD COLUMN IF NOT EXISTS conversation JSONB")
