"""rq-dashboard at /admin/rq: for operators only, and its one dangerous GET is closed."""

from flask import Flask, abort, request
from flask_login import current_user
from redis import Redis
from rq.serializers import JSONSerializer
from rq_dashboard import blueprint, web

PREFIX = "/admin/rq"

__all__ = ["blueprint", "init_app"]


def init_app(app: Flask, redis_url: str, redis: Redis) -> None:
    """Show the queues. Jobs are JSON, with identifiers in them and nothing personal."""
    app.config["RQ_DASHBOARD_REDIS_URL"] = redis_url
    web.setup_rq_connection(app)
    app.redis_conn = redis  # type: ignore[attr-defined]  # theirs would wait for ever on a Redis that is frozen
    web.config.serializer = JSONSerializer
    app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.before_request(_guard)


def _guard() -> None:
    if not request.path.startswith(PREFIX):
        return
    if not (current_user.is_authenticated and current_user.is_operator):
        abort(404)
    if request.method in ("GET", "HEAD") and "/requeue" in request.path:
        abort(405)
    if request.method not in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Site") not in ("same-origin", None):
        abort(403)
