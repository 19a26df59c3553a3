"""How gunicorn runs the web process. The port comes from PORT, the threads from MAX_LISTENERS; the rest can be
overridden with GUNICORN_CMD_ARGS."""

import logging
import signal
import sys

from conf import logs, settings
from launch import children
from web import start

_config = settings.load()

FREE_THREADS = 16
"""Of each process, which nobody who listens ever has: for webhooks, pages and the API."""

bind = f"0.0.0.0:{_config.port}"
worker_class = "gthread"
workers = 2
threads = _config.max_listeners + FREE_THREADS  # a thread that waits for a listener costs next to nothing
timeout = 60  # of a worker that hangs altogether; a slow stream holds a thread, not the worker
graceful_timeout = 15  # Heroku kills 30 s after SIGTERM
keepalive = 5
accesslog = None
loglevel = "warning"

end_with_master = children.die_with_parent(signal.SIGKILL)


def on_starting(server: object) -> None:
    """Refuse to start here, once, with exit status 1."""
    config = settings.load()
    logs.configure(config.log_level)
    if server.cfg.threads <= config.max_listeners:  # somebody has set them by hand
        sys.exit(f"MAX_LISTENERS: must be less than gunicorn's threads, which are {server.cfg.threads}")
    start.check(config)


def post_fork(server: object, worker: object) -> None:
    """A worker whose master was killed would keep the port for as long as it drains, and nobody could answer."""
    if end_with_master:
        end_with_master()
    worker.log.error_log.addFilter(is_news)


def is_news(record: logging.LogRecord) -> bool:
    """Not that somebody has stopped listening: see web/seats.py."""
    return not (record.exc_info and isinstance(record.exc_info[1], TimeoutError))
