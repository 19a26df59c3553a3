"""The web process: webhooks, API and pages."""

from datetime import timedelta
from typing import cast

from flask import Flask
from flask.typing import RouteCallable
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from redis import Redis

from web import auth, errors, headers, locale, queue_page
from web.api import api
from web.health import health
from web.house import KEY, House
from web.pages import pages
from web.webhooks import webhooks

LARGEST_BODY = 256 * 1024
SIGN_INS = "20 per minute"
SESSION = timedelta(days=14)


def create_app(house: House, *, secret_key: str, redis_url: str) -> Flask:
    """The application, handed everything it needs."""
    app = Flask(__name__)
    app.extensions[KEY] = house
    is_https = (house.settings.public_base_url or "").startswith("https:")
    app.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=is_https,
        PERMANENT_SESSION_LIFETIME=SESSION,
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open for days
    )
    auth.init_app(app)
    locale.init_app(app)
    headers.init_app(app)
    queue_page.init_app(app, redis_url, house.queues.redis)
    for blueprint in (webhooks, api, pages, health):
        app.register_blueprint(blueprint)
    _protect_forms(app)
    _limit_sign_ins(app, redis_url, house.queues.redis)
    errors.init_app(app)
    return app


def _protect_forms(app: Flask) -> None:
    """Sessions need a token to change anything; webhooks are signed, and bearer tokens come from no browser."""
    csrf = CSRFProtect(app)
    csrf.exempt(webhooks)
    csrf.exempt(api)  # it reads only
    csrf.exempt(queue_page.blueprint)  # guarded by its own check of where a request comes from


def _limit_sign_ins(app: Flask, redis_url: str, redis: Redis) -> None:
    """By address, kept in Redis; without Redis the limit is off, not the page."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri=redis_url,
        storage_options={"connection_pool": redis.connection_pool},  # type: ignore[dict-item]  # its timeouts are short
        swallow_errors=True,
    )
    limited = limiter.limit(SIGN_INS, methods=["POST"])(app.view_functions["pages.sign_in"])
    app.view_functions["pages.sign_in"] = cast(RouteCallable, limited)
