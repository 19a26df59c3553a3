"""The calls and numbers of an old installation become ours."""

from alembic import context, op

from db import adoption

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():  # in batches, each of which is committed
        adoption.adopt_everything(op.get_bind(), adopt_days=context.config.attributes["adopt_days"])
