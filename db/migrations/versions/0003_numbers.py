"""The numbers of an old installation's businesses: once, since an operator may take them away again."""

from alembic import op

from db.adoption import numbers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    numbers.adopt_numbers(op.get_bind())
