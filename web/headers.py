"""What every answer tells the browser it may do: run our own scripts, be shown by nobody else."""

from flask import Flask, Response, request

from web.house import house

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
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


def _protect(response: Response) -> Response:
    is_queue_page = request.blueprint == "rq_dashboard"
    response.headers["Content-Security-Policy"] = QUEUE_PAGE_POLICY if is_queue_page else POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    if (house().settings.public_base_url or "").startswith("https:"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
