"""How gunicorn runs the web process. The port comes from PORT; the rest can be overridden with GUNICORN_CMD_ARGS."""

import signal

from conf import logs, settings
from launch import children
from web import start

bind = f"0.0.0.0:{settings.load().port}"
worker_class = "gthread"
workers = 2
threads = 16
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
    start.check(config)


def post_fork(server: object, worker: object) -> None:
    """A worker whose master was killed would keep the port for as long as it drains, and nobody could answer."""
    if end_with_master:
        end_with_master()
