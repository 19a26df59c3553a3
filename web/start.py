"""What the web process needs, put together; or why it does not start."""

import sys

from flask import Flask

from conf import settings
from conf.settings import Settings
from db import startup
from db.engine import Database, connect
from jobs import redis
from jobs.queues import Queues
from providers.storage import open_storage
from providers.telephony import Telephony, TwiML
from web import create_app
from web.answered import answered
from web.house import House

STATEMENT_SECONDS = 2
"""Less than a request's patience: a statement that takes so long is ended by the server that runs it."""


def check(config: Settings) -> None:
    """Stop the process, saying why, when something is missing. gunicorn's master asks before it has any worker: a
    worker that does not start is started again and again."""
    settings.public_address(config)
    settings.require_redis_url(config)
    _secret_key(config)
    startup.prepare_schema(config)


def make_app(config: Settings) -> Flask:
    """The application, with connections of its own: made after any fork."""
    check(config)
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
        telephony=_telephony(config),
    )
    app = create_app(house, secret_key=_secret_key(config), redis_url=redis_url)
    answered(app).keep_writing()
    return app


def _telephony(config: Settings) -> Telephony | None:
    if not (config.twilio_account_sid and config.twilio_auth_tokens):
        return None
    return Telephony(config.twilio_account_sid, config.twilio_auth_tokens[0], config.twilio_api_base_url)


def _secret_key(config: Settings) -> str:
    if not config.secret_key:
        sys.exit("SECRET_KEY: needed to sign sessions; set it to a long random text and keep it")
    if config.flask_debug and not config.has_simulated_twilio:
        sys.exit("FLASK_DEBUG: would let anybody run code here; unset it")
    return config.secret_key
