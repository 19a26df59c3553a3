"""Where gunicorn looks by itself, so that `gunicorn web.wsgi` runs as conf/gunicorn.conf.py says."""

import runpy
from pathlib import Path

globals().update(runpy.run_path(str(Path(__file__).parent / "conf" / "gunicorn.conf.py")))
