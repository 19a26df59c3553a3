"""Tables of somebody else under names of ours: they are not altered, and nothing is kept in them."""

from sqlalchemy import Connection, text

from db.migrations.locks import MigrationFailed

OURS_HAVE = {
    "business_number": "number",
    "api_token": "token_sha256",
    "recording": "recording_sid",
    "transcript": "turns",
    "task": "lease_until",
    "call_event": "said_by",
    "webhook_delivery": "received_at",
    "sweep_run": "ran_at",
    "call_search": "document",
    "alert": "heard_by",
    "tally": "amount",
}
"""A column by which a table of ours is known; an old installation has none of these tables."""

STRANGERS = """SELECT name FROM unnest(CAST(:names AS text[]), CAST(:columns AS text[])) AS ours (name, mark)
WHERE to_regclass(name) IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(name) AND attname = mark)"""


def refuse(connection: Connection) -> None:
    """Raises MigrationFailed where there is such a table."""
    names, columns = list(OURS_HAVE), list(OURS_HAVE.values())
    found = connection.scalars(text(STRANGERS), {"names": names, "columns": columns}).all()
    if found:
        raise MigrationFailed(
            f"The database has tables that are not ours under names that we need: {', '.join(found)}."
            " Rename them, e.g. ALTER TABLE task RENAME TO task_of_theirs, and run again."
        )
