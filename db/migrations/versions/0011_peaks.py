"""What a recording looks like, so that a page can draw it without loading it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE recording ADD COLUMN IF NOT EXISTS peaks BYTEA")
