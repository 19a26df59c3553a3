"""The calls of an old installation become ours, unless its tables have rules that would break us: those come first."""

from alembic import context, op

from db import adoption, schema
from db.migrations import indexes
from db.migrations.locks import MigrationFailed

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():  # in batches, each of which is committed
        connection = op.get_bind()
        in_the_way = schema.rules_in_the_way(connection)
        if in_the_way:
            raise MigrationFailed(schema.told(in_the_way))
        indexes.refuse_doubled(connection)
        adoption.adopt_calls(connection, adopt_days=context.config.attributes["adopt_days"])
