"""Alembic's way in: runs on the connection that db.migrate locked; one transaction a revision."""

from alembic import context

from db.revisions import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
