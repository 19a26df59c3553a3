"""The web process: webhooks, API and pages."""

from dataclasses import replace

from flask import Flask
from flask_openapi3.openapi import OpenAPI

from db import users
from db.engine import Database
from web import answered, auth, desk, errors, forgery, headers, limits, locale, queue_page, seats
from web.api import api, document, refuse
from web.api.document import INFO, SECURITY
from web.api.models import Problem
from web.health import health
from web.house import KEY, House
from web.metrics import metrics
from web.pages import pages
from web.webhooks import webhooks

LARGEST_BODY = 256 * 1024


def create_app(house: House, *, secret_key: str, redis_url: str) -> Flask:
    """The application, handed everything it needs."""
    app = OpenAPI(
        __name__,
        info=INFO,
        security_schemes=SECURITY,
        doc_ui=False,  # ours is in web/api/document
        validation_error_status=400,
        validation_error_model=Problem,
        validation_error_callback=refuse,
    )
    app.extensions[KEY] = house
    is_https = (house.settings.public_base_url or "").startswith("https:")
    app.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=is_https,
        PERMANENT_SESSION_LIFETIME=users.SESSION_LASTS,
        WTF_CSRF_TIME_LIMIT=None,  # a page may stay open for days
    )
    auth.init_app(app)
    locale.init_app(app)
    seats.init_app(app, house.settings.max_listeners)
    headers.init_app(app)
    queue_page.init_app(app, house.queues.redis)
    app.register_api(api)
    for blueprint in (webhooks, document, pages, health, metrics):
        app.register_blueprint(blueprint)
    forgery.init_app(app, webhooks, queue_page.blueprint)  # those are signed, or look at where a request comes from
    limits.init_app(app, redis_url, house.queues.redis, trusted_proxies=house.settings.trusted_proxies)
    errors.init_app(app)
    in_nobodys_way = Database(house.database.engine)  # its breaker refuses no webhook when numbers take too long
    answered.init_app(app, in_nobodys_way)
    app.extensions[metrics.name] = replace(house, database=in_nobodys_way)
    desk.init_app(app)
    return app
