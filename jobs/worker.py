"""A worker process: `python -m jobs.worker QUEUE`."""

import argparse
import signal
import sys
from importlib import import_module

from rq.serializers import JSONSerializer

from conf import logs, settings
from conf.settings import Settings
from db import startup
from db.claims import Terms
from db.engine import Database, connect
from jobs import marks, redis
from jobs.keeper import Keeper
from jobs.pace import pace_of
from jobs.pipeline import ON_DUTY, Crew
from jobs.queues import QUEUES, Queues
from jobs.warm import WarmWorker

STATEMENT_SECONDS = 10
MAINTENANCE_SECONDS = 60
"""How often RQ looks for jobs whose worker died; its default of ten minutes is for other people's patience."""

IDLE_MARGIN_SECONDS = 15
"""RQ waits for a job, without a heartbeat, for so much less than its worker's time to live."""


def main(arguments: list[str]) -> None:
    """Take jobs from one queue until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m jobs.worker", description=__doc__)
    parser.add_argument("queue", choices=QUEUES)
    queue = parser.parse_args(arguments).queue
    config = settings.load()
    logs.configure(config.log_level)
    startup.prepare_schema(config)
    worker = make_worker(config, queue)
    ON_DUTY.set(worker.crew)
    worker.work()
    signal.set_wakeup_fd(-1)
    worker.crew.keeper.close()


def make_worker(config: Settings, queue: str) -> WarmWorker:
    """Everything a worker of that queue needs, put together."""
    name = marks.name_of(queue)
    gap = marks.gap_of(config.frozen_seconds)
    database = Database(
        connect(settings.require_database_url(config), statement_seconds=STATEMENT_SECONDS, application=name)
    )
    queues = Queues(redis.patient(config), database, slots=config.business_slots)
    worker = WarmWorker(
        [queues.queue(queue)],
        name=name,
        connection=redis.patient(config),
        serializer=JSONSerializer,
        worker_ttl=IDLE_MARGIN_SECONDS + max(1, int(gap)),
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
    keeper = Keeper(
        database,
        lease=config.lease_seconds,
        grace=config.grace_seconds,
        leave=worker.leave,
        give_up=worker.give_up,
    )
    worker.gap = min(gap, worker.gap)
    worker.crew = Crew(
        name=name,
        trade=import_module(f"jobs.crews.{queue}").trade(config, database),
        database=database,
        queues=queues,
        keeper=keeper,
        terms=Terms(slots=config.business_slots, lease=config.lease_seconds, attempts=config.max_attempts),
        pace=pace_of(config),
        cooldown=config.enqueue_cooldown_seconds,
    )
    return worker


if __name__ == "__main__":
    main(sys.argv[1:])
