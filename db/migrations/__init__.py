"""The revisions of the schema, applied by Alembic, and what they share."""
