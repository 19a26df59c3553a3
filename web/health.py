"""Is it alive, and is it ready?"""

from typing import Any

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError

from db import schema, sweep_runs
from db.engine import OUTAGES
from web.house import house

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """This process answers."""
    return jsonify(status="alive")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """What it needs answers too. A late sweep, or a queue without workers, is told, and is no reason to send callers
    elsewhere."""
    found = {"database": _database(), "redis": _redis()}
    status = 200 if all(state == "ok" for state in found.values()) else 503
    return jsonify(found | {"sweeps": _sweeps(), "workers": house().queues.workers() or {}}), status


def _database() -> str:
    try:
        with house().database.transaction():
            schema.check(house().database.engine)
    except schema.SchemaWrong as wrong:
        return str(wrong)
    except OUTAGES:
        return "PostgreSQL does not answer"
    return "ok"


def _redis() -> str:
    try:
        house().queues.redis.ping()
    except RedisError:
        return "Redis does not answer"
    return "ok"


def _sweeps() -> dict[str, Any]:
    """Of each sweep: seconds since its last run, whether that is too long, and how many calls it has ever put right."""
    try:
        with house().database.transaction() as session:
            runs = sweep_runs.standings(session, house().settings.sweep_seconds)
    except OUTAGES:
        return {}
    return {run.name: {"age": round(run.age), "late": run.is_late, "repaired": run.repaired} for run in runs}
