"""Keeps the timetable: `python -m scheduler`."""

from conf import logs, settings
from db import startup
from jobs import marks, redis
from scheduler.reconcile import TimetableScheduler
from scheduler.timetable import timetable

LOOKS_A_SWEEP = 4
SHORTEST_LOOK_SECONDS = 1


def main() -> None:
    """Enqueue what is due, until told to stop."""
    config = settings.load()
    logs.configure(config.log_level)
    startup.prepare_schema(config)
    gap = marks.gap_of(config.frozen_seconds)
    TimetableScheduler(
        timetable(config.sweep_seconds),
        connection=redis.connect(
            settings.require_redis_url(config), tls_verify=config.redis_tls_verify, timeout=redis.PATIENT_SECONDS
        ),
        interval=max(SHORTEST_LOOK_SECONDS, min(config.sweep_seconds / LOOKS_A_SWEEP, gap)),
    ).run()


if __name__ == "__main__":
    main()
