"""What one process of a crowd does."""

import urllib.request
from collections.abc import Mapping
from functools import cache
from urllib.error import HTTPError

from conf.settings import with_driver
from db.engine import Database, connect
from db.words import Stage
from jobs import redis as redis_connections
from jobs.queues import Queues

PATIENCE_SECONDS = 30
"""Fifty at once on a small machine wait for each other; what counts is what they are told, not how soon."""


def enqueue(database_url: str, redis_url: str, call_sid: str) -> bool:
    """Whether it was this process that put the call's download onto the queue."""
    return _queues(database_url, redis_url).enqueue_once(Stage.DOWNLOAD, call_sid)


def press_play(url: str, headers: Mapping[str, str]) -> int:
    """The status of the answer to somebody who wants to hear a recording."""
    request = urllib.request.Request(url, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@cache
def _queues(database_url: str, redis_url: str) -> Queues:
    """Connected by the process that asks, once for all its rounds, as a web process is."""
    database = Database(connect(with_driver(database_url), statement_seconds=30, application="rival"))
    return Queues(redis_connections.connect(redis_url, timeout=PATIENCE_SECONDS), database, slots=3)
