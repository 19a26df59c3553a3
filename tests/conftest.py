"""Real servers, one of each for all tests; every test has a database of its own and an empty Redis."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright
from redis import Redis
from sqlalchemy import Engine
from werkzeug.routing import Rule
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from conf.settings import ROOT, Settings, with_driver
from db import migrate
from db.engine import Database, connect
from db.models import Base
from jobs import redis as redis_connections
from jobs.queues import Queues
from launch import embedded
from providers.storage import LocalStorage
from providers.telephony import TwiML
from simulator.exchange import Exchange
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.simulator.simulated_customer import ANSWER_AND_DIAL, Customer
from tests.support import servers
from tests.support.people import People, make_people
from tests.support.servers import Server
from tests.support.twilio import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_BASE_URL, Twilio
from web import create_app
from web.house import House

SECRET_KEY = "a-secret-for-tests"
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
ASSETS = ("htmx.min.js", "idiomorph-ext.min.js", "chart.umd.min.js", "wavesurfer.esm.js")
VENDOR = ROOT / "web" / "static" / "vendor"

WHOLE = "tests/whole/"

THIS_PROCESS = "tests"

CUT_OFF = f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name <> '{THIS_PROCESS}'"""
TABLES = Base.metadata.sorted_tables
EMPTY = [
    *(f"DELETE FROM {table.name}" for table in reversed(TABLES)),  # of few rows a hundred times faster than TRUNCATE
    "SELECT setval(quote_ident(sequencename), 1, false) FROM pg_sequences WHERE schemaname = 'public'",
]
AS_NEW = ";".join([CUT_OFF, *EMPTY])


class ByFile(LoadScopeScheduling):
    """Each file is one process's; those that share the running system are too: it is gone when they are done, since a
    system has its pulse also while nobody asks."""

    def _split_scope(self, nodeid: str) -> str:
        return WHOLE if nodeid.startswith(WHOLE) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins."""
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE))


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """What a test, or a worker in it, makes of the loggers is no business of the next one's."""
    before = {log: (log.level, log.propagate, log.handlers[:]) for log in _loggers()}
    yield
    for log in _loggers():
        log.level, log.propagate, log.handlers = before.get(log, (logging.NOTSET, True, []))
    logging.root.manager._clear_cache()  # type: ignore[attr-defined]


def _loggers() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [logging.root, *(log for log in known if isinstance(log, logging.Logger))]


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="second-zero-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_url(servers_folder: Path) -> Iterator[str]:
    """A PostgreSQL with a migrated database named `template`."""
    with embedded.postgres(servers_folder / "postgres", durable=False) as url:
        execute(url, "CREATE DATABASE template")
        migrate.migrate(database_in(url, "template"))
        yield url


@pytest.fixture(scope="session")
def valkey_url(servers_folder: Path) -> Iterator[str]:
    with embedded.valkey(servers_folder / "valkey", durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def shared_database_url(postgres_url: str) -> str:
    execute(postgres_url, "CREATE DATABASE this_test TEMPLATE template")
    return database_in(postgres_url, "this_test")


@pytest.fixture(scope="session")
def engine(shared_database_url: str) -> Iterator[Engine]:
    """One for all tests: it knows its statements by heart, and so do its connections."""
    engine = connect(with_driver(shared_database_url), statement_seconds=5, application=THIS_PROCESS)
    yield engine
    engine.dispose()


@pytest.fixture
def database_url(shared_database_url: str, engine: Engine) -> Iterator[str]:
    """The libpq URI of an empty database with the schema in it."""
    yield shared_database_url
    with engine.begin() as connection:
        connection.exec_driver_sql(AS_NEW)


@pytest.fixture
def database(database_url: str, engine: Engine) -> Database:
    return Database(engine)


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    return valkey_url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """An empty Redis."""
    client = redis_connections.connect(redis_url, timeout=5)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def own_postgres(servers_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """A PostgreSQL with the schema in it that nobody else uses."""
    with servers.own(embedded.postgres(servers_folder / f"own-{tmp_path.name}")) as server:
        migrate.migrate(server.url)
        yield server


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Server]:
    """A Valkey that nobody else uses."""
    with servers.own(embedded.valkey(tmp_path / "valkey", durable=False)) as server:
        yield server


@pytest.fixture
def settings(settings_read: Settings, tmp_path: Path, database_url: str) -> Settings:
    return settings_read.model_copy(update={"storage_url": (tmp_path / "recordings").as_uri()})


@pytest.fixture(scope="session")
def settings_read(shared_database_url: str, valkey_url: str) -> Settings:
    """Small times, so that a test lives a call's whole life in seconds. Read once, which takes its time."""
    return Settings(
        _env_file=None,
        database_url=shared_database_url,
        redis_url=valkey_url,
        public_base_url=PUBLIC_BASE_URL,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        twilio_api_base_url="http://127.0.0.1:9",
        retry_base_seconds=1,
        enqueue_cooldown_seconds=1,
        sweep_seconds=1,
        lease_seconds=2,
    )


@pytest.fixture
def house(settings: Settings, database: Database, redis: Redis, tmp_path: Path) -> House:
    return House(
        settings=settings,
        database=database,
        queues=Queues(redis, database, slots=settings.business_slots),
        storage=LocalStorage(tmp_path / "recordings"),
        twiml=TwiML(PUBLIC_BASE_URL, settings.media_stream_url),
    )


@pytest.fixture(scope="session")
def templates(servers_folder: Path) -> BytecodeCache:
    """The pages' templates, compiled once for all tests."""
    return FileSystemBytecodeCache(str(servers_folder))


@pytest.fixture(scope="session", autouse=True)
def routes_compiled_once() -> Iterator[None]:
    """werkzeug compiles two functions for each route of each application: two thirds of the time one takes to make."""
    compiled: dict[tuple[str, bool], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        route = f"{rule._trace} {rule.defaults}", append_unknown
        if route not in compiled:
            compiled[route] = compile_builder(rule, append_unknown)
        return compiled[route]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture
def app(house: House, redis_url: str, templates: BytecodeCache) -> Flask:
    app = create_app(house, secret_key=SECRET_KEY, redis_url=redis_url)
    app.testing = True
    app.jinja_env.bytecode_cache = templates
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def twilio(client: FlaskClient) -> Twilio:
    """The phone company's end of a webhook: signs and posts."""
    return Twilio(client)


@pytest.fixture
def people(database: Database) -> People:
    """Alice and Bob, each with a business; and an operator."""
    return make_people(database)


@pytest.fixture
def customer() -> Iterator[Customer]:
    """Whom the phone company in this process tells of calls: a web server that has each answered and recorded."""
    customer = Customer()
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    yield customer
    customer.close()


@pytest.fixture
def company(customer: Customer) -> Iterator[Company]:
    """The simulated phone company, on a real port of this process."""
    company = Company(Exchange(ACCOUNT, customer.url))
    yield company
    company.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip(f"no browser in PATH ({', '.join(CHROMIUM)}); install Chromium to run the browser tests")
    missing = [name for name in ASSETS if not (VENDOR / name).exists()]
    assert not missing, f"web/static/vendor lacks {missing}: run `npm run vendor`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


def execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()


def database_in(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
