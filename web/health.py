"""Is it alive, and is it ready?"""

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from db import schema
from web.house import house

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """This process answers."""
    return jsonify(status="alive")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """What it needs answers too."""
    found = {"database": _database(), "redis": _redis()}
    return jsonify(found), 200 if all(state == "ok" for state in found.values()) else 503


def _database() -> str:
    try:
        schema.check(house().database.engine)
    except schema.SchemaWrong as wrong:
        return str(wrong)
    except SQLAlchemyError:
        return "PostgreSQL does not answer"
    return "ok"


def _redis() -> str:
    try:
        house().queues.redis.ping()
    except RedisError:
        return "Redis does not answer"
    return "ok"
