"""Has a process left a mark lately? `python -m launch.alive KIND`, for a container's health check; exit status 0 or 1.

KIND is a queue or scheduler. A mark that is renewed no more goes within two minutes.
"""

import argparse
import sys

from redis.exceptions import RedisError

from conf import settings
from jobs import marks, redis
from jobs.queues import QUEUES

CONTAINERS_PROCESS = 1


def main(arguments: list[str]) -> int:
    """Look once."""
    parser = argparse.ArgumentParser(prog="python -m launch.alive", description=__doc__)
    parser.add_argument("kind", choices=(*QUEUES, marks.SCHEDULER))
    parser.add_argument("--pid", type=int, default=CONTAINERS_PROCESS, help="1, a container's only process")
    options = parser.parse_args(arguments)
    client = redis.patient(settings.load())
    try:
        return 0 if marks.read(client, options.kind, options.pid) else 1
    except RedisError:
        return 0  # whom we can't see is not unwell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
