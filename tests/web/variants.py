"""The application under other settings, or with a server gone."""

from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient

from db.engine import Database, connect
from jobs import redis as redis_connections
from jobs.queues import Queues
from providers.telephony import TwiML
from tests.conftest import SECRET_KEY
from tests.support.twilio import PUBLIC_BASE_URL
from web import create_app
from web.house import House

NOBODY_THERE = "127.0.0.1:9"
"""The discard port, where nothing listens."""


def client_of(house: House) -> FlaskClient:
    """Somebody who talks to this house."""
    app = create_app(house, secret_key=SECRET_KEY, redis_url=f"redis://{NOBODY_THERE}/0")
    app.testing = True
    return app.test_client()


def under(house: House, **settings: Any) -> House:
    """The same house under other settings."""
    changed = house.settings.model_copy(update=settings)
    return replace(
        house,
        settings=changed,
        twiml=TwiML(PUBLIC_BASE_URL, changed.media_stream_url),
        queues=Queues(house.queues.redis, house.database, slots=changed.business_slots),
    )


def without_postgres(house: House) -> House:
    """PostgreSQL is stopped."""
    engine = connect(f"postgresql+psycopg2://{NOBODY_THERE}/nothing", statement_seconds=2, application="tests")
    database = Database(engine)
    return replace(house, database=database, queues=Queues(house.queues.redis, database, slots=3))


def without_redis(house: House) -> House:
    """Redis is stopped."""
    redis = redis_connections.connect(f"redis://{NOBODY_THERE}/0")
    return replace(house, queues=Queues(redis, house.database, slots=3))
