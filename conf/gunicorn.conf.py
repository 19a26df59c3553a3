"""How gunicorn runs the web process. The port comes from PORT; the rest can be overridden with GUNICORN_CMD_ARGS."""

import ctypes
import signal
import sys

from conf import settings

bind = f"0.0.0.0:{settings.load().port}"
worker_class = "gthread"
workers = 2
threads = 16
timeout = 60  # of a worker that hangs altogether; a slow stream holds a thread, not the worker
graceful_timeout = 15  # Heroku kills 30 s after SIGTERM
keepalive = 5
accesslog = None
loglevel = "warning"

PR_SET_PDEATHSIG = 1
"""prctl(2): have the kernel send a signal when the parent dies. Linux only."""


def post_fork(server: object, worker: object) -> None:
    """A worker whose master was killed would keep the port for as long as it drains, and nobody could answer."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
