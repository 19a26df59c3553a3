"""The entry point for gunicorn: `gunicorn web.wsgi`."""

from conf import logs, settings
from web.start import make_app

_config = settings.load()
logs.configure(_config.log_level)
application = make_app(_config)
