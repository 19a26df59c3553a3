"""rq-dashboard at /admin/rq: for operators only, on the queues' own client, and its one dangerous GET is closed."""

from flask import Flask, abort, request
from flask_login import current_user
from redis import Redis
from rq.serializers import JSONSerializer
from rq_dashboard import blueprint, web

PREFIX = "/admin/rq"

INSTANCES = ("Redis",)
"""What the page calls the one that we have."""

__all__ = ["blueprint", "init_app"]

blueprint.before_request_funcs[None].remove(web.push_rq_connection)
"""It would connect anew for each page, without our patience and our TLS."""


def init_app(app: Flask, redis: Redis) -> None:
    """Show the queues. Jobs are JSON, with identifiers in them and nothing personal."""
    app.config["RQ_DASHBOARD_REDIS_URL"] = INSTANCES
    app.redis_conn = redis  # type: ignore[attr-defined]
    web.config.serializer = JSONSerializer
    app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.before_request(_guard)


def _guard() -> None:
    if not request.path.startswith(PREFIX):
        return
    if not (current_user.is_authenticated and current_user.is_operator):
        abort(404)
    if (request.view_args or {}).get("instance_number", 0) >= len(INSTANCES):
        abort(404)
    if request.method in ("GET", "HEAD") and "/requeue" in request.path:
        abort(405)
    if request.method not in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Site") not in ("same-origin", None):
        abort(403)
