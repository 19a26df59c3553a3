"""What every answer tells the browser it may do: run our own scripts, be shown by nobody else."""

import secrets

from flask import Flask, Response, g, request

from web.house import house

OWN_STYLES = "style-src 'self'"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        OWN_STYLES,
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

QUEUE_PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval';"
    " frame-ancestors 'none'"
)
"""rq-dashboard writes its styles and scripts into the page, and makes its tables from templates by eval."""


def init_app(app: Flask) -> None:
    """Add them to everything that leaves."""
    app.after_request(_protect)
    app.add_template_global(style_nonce)


def style_nonce() -> str:
    """What a style that our script adds to this page must carry: the player's waveform brings its own."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def _policy() -> str:
    if request.blueprint == "rq_dashboard":
        return QUEUE_PAGE_POLICY
    nonce = g.get("style_nonce")
    return POLICY.replace(OWN_STYLES, f"{OWN_STYLES} 'nonce-{nonce}'") if nonce else POLICY


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _policy()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    if (house().settings.public_base_url or "").startswith("https:"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
