"""How often a password may be tried: by where the tries come from, and by whose password it is.

Kept in Redis; without Redis the limits are off, not the pages. No limit ever stands before a webhook.
"""

from hashlib import sha256
from typing import cast

from flask import Flask, Response, request
from flask.typing import RouteCallable
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from web.auth import reader

FROM_ONE_ADDRESS = "20 per minute"
FAILED_FOR_ONE_USER = "20 per minute; 100 per hour"
"""So many guesses find no password, and whoever guesses keeps its owner out for an hour at most."""


def init_app(app: Flask, redis_url: str, redis: Redis, *, trusted_proxies: int) -> None:
    """Limit what takes a password. With proxies before us a request comes from where the last of those we trust has
    it from; nothing else that a proxy forwards is believed."""
    if trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri=redis_url,
        storage_options={"connection_pool": redis.connection_pool},  # type: ignore[dict-item]  # its timeouts are short
        swallow_errors=True,
    )
    for_one_user = limiter.limit(FAILED_FOR_ONE_USER, key_func=_typed, methods=["POST"], deduct_when=_has_failed)
    from_one_address = limiter.limit(FROM_ONE_ADDRESS, methods=["POST"])
    views = app.view_functions
    views["pages.sign_in"] = cast(RouteCallable, from_one_address(for_one_user(views["pages.sign_in"])))
    own = limiter.limit(FAILED_FOR_ONE_USER, key_func=lambda: str(reader().id), deduct_when=_has_failed)
    views["pages.change_password"] = cast(RouteCallable, own(views["pages.change_password"]))


def _typed() -> str:
    """Whose password is tried, as a fingerprint: Redis holds nobody's address."""
    return sha256(request.form.get("email", "").strip().lower().encode()).hexdigest()


def _has_failed(response: Response) -> bool:
    return response.status_code >= 400
