"""The entry point for gunicorn: `gunicorn -c conf/gunicorn.conf.py web.wsgi`."""

import sys

from flask import Flask

from conf import logs, settings
from conf.settings import Settings
from db import startup
from db.engine import Database, connect
from jobs import redis
from jobs.queues import Queues
from providers.storage import open_storage
from providers.telephony import TwiML
from web import create_app
from web.house import House

STATEMENT_SECONDS = 2
"""Less than a request's patience: a statement that takes so long is ended by the server that runs it."""


def make_app(config: Settings) -> Flask:
    """Everything the web process needs, put together; stops the process when something is missing."""
    startup.prepare_schema(config)
    redis_url = settings.require_redis_url(config)
    url = settings.require_database_url(config)
    database = Database(connect(url, statement_seconds=STATEMENT_SECONDS, application="web"))
    client = redis.connect(redis_url, tls_verify=config.redis_tls_verify)
    house = House(
        settings=config,
        database=database,
        queues=Queues(client, database, slots=config.business_slots),
        storage=open_storage(config.storage_url),
        twiml=TwiML(settings.public_address(config), config.media_stream_url),
    )
    return create_app(house, secret_key=_secret_key(config), redis_url=redis_url)


def _secret_key(config: Settings) -> str:
    if not config.secret_key:
        sys.exit("SECRET_KEY: needed to sign sessions; set it to a long random text and keep it")
    if config.flask_debug and not config.has_simulated_twilio:
        sys.exit("FLASK_DEBUG: would let anybody run code here; unset it")
    return config.secret_key


_config = settings.load()
logs.configure(_config.log_level)
application = make_app(_config)
