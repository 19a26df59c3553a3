"""Which languages are spoken on a business's calls, and how its names are written."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE business ADD COLUMN IF NOT EXISTS spoken_languages TEXT[]")
    op.execute("ALTER TABLE business ADD COLUMN IF NOT EXISTS vocabulary TEXT[]")
