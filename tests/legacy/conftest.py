"""An adopted installation with people to sign in, and what serves it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from redis import Redis

from conf.settings import Settings, with_driver
from db import migrate
from db.engine import Database, connect
from jobs.queues import Queues
from providers.storage import LocalStorage
from providers.telephony import TwiML
from tests.conftest import SECRET_KEY
from tests.legacy import people
from tests.legacy.schemas import old_database
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL
from web import create_app
from web.house import House


@dataclass(frozen=True)
class Adopted:
    """The web process of an installation that was adopted."""

    url: str
    house: House
    browser: Callable[[], FlaskClient]

    @property
    def database(self) -> Database:
        return self.house.database


Adopt = Callable[[Callable[[str], object]], Adopted]


@pytest.fixture
def adopt(postgres_url: str, redis: Redis, redis_url: str, tmp_path: Path) -> Iterator[Adopt]:
    """Fill an old database, migrate it, and serve it."""
    engines = []
    with old_database(postgres_url, "with downloads", people.PEOPLE) as url:

        def serve(fill: Callable[[str], object]) -> Adopted:
            fill(url)
            migrate.migrate(url)
            database = Database(connect(with_driver(url), statement_seconds=5, application="tests"))
            engines.append(database.engine)
            settings = Settings(
                _env_file=None,
                public_base_url=PUBLIC_BASE_URL,
                twilio_account_sid=ACCOUNT_SID,
                twilio_auth_token=AUTH_TOKEN,
                twilio_api_base_url="http://127.0.0.1:9",
            )
            house = House(
                settings=settings,
                database=database,
                queues=Queues(redis, database, slots=settings.business_slots),
                storage=LocalStorage(tmp_path / "recordings"),
                twiml=TwiML(PUBLIC_BASE_URL, None),
            )
            app = create_app(house, secret_key=SECRET_KEY, redis_url=redis_url)
            app.testing = True
            return Adopted(url, house, app.test_client)

        yield serve
        for engine in engines:
            engine.dispose()
