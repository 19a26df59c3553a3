"""Who waits for whom in PostgreSQL, so that a test can let two meet at the same place."""

from db.engine import Database

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def waiting(database: Database) -> int:
    """How many wait for a lock that somebody else holds."""
    with database.engine.connect() as connection:
        return int(connection.exec_driver_sql(WAITING).scalar() or 0)
