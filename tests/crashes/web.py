"""gunicorn with one worker, which its successor replaces at once: what it imports is here before the fork.

Modules only: the application, and with it every connection, is made after the fork.
"""

import runpy
import sys

import web.webhooks as imported_before_the_fork
from conf.settings import ROOT

__all__ = ["imported_before_the_fork"]

if __name__ == "__main__":
    sys.argv = ["gunicorn", "-c", str(ROOT / "conf" / "gunicorn.conf.py"), "--workers", "1", "web.wsgi"]
    runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)
