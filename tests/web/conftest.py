"""A real browser in front of a real server, and what web tests need besides."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from werkzeug.serving import make_server

from tests.conftest import SECRET_KEY, execute
from tests.support.people import PASSWORD, Person
from tests.web.browsing import fields_of
from web import create_app
from web.house import House

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE_MS = 10_000
POLL_SECONDS = 0.01
"""How often the server looks whether it is to stop."""

OpenPage = Callable[..., Page]


@pytest.fixture
def new_indexes(database_url: str) -> None:
    """For questions to PostgreSQL's planner: indexes that the rows of other tests have grown are dearer to read."""
    execute(database_url, "TRUNCATE call_log CASCADE")


@pytest.fixture
def site(house: House, redis_url: str) -> Iterator[str]:
    """The address of the whole application, served over HTTP."""
    server = make_server("127.0.0.1", 0, lambda environ, start: answer_of(app, environ, start), threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    here = replace(house, settings=house.settings.model_copy(update={"public_base_url": address}))
    app = create_app(here, secret_key=SECRET_KEY, redis_url=redis_url)
    thread = Thread(target=server.serve_forever, args=[POLL_SECONDS])
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


def answer_of(app: Flask, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    """Files of ours are read at once: this server leaves them open when a browser goes away in mid-answer."""
    answer = app(environ, start)
    if not environ["PATH_INFO"].startswith("/static/"):
        return answer
    with closing(answer):  # type: ignore[type-var]  # whatever Flask answers with can be closed
        return list(answer)


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Opens a path in a browser of its own, signed in as somebody; any complaint of the browser fails the test, but
    for those that hold the words `tolerated`."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    sessions: dict[str, list[Any]] = {}

    def open_as(path: str, person: Person | None = None, *, tolerated: str | None = None, **options: Any) -> Page:
        if person and person.email not in sessions:
            sessions[person.email] = session_of(site, person)
        context = browser.new_context(base_url=site, **{"locale": "en-GB", **options})
        if person:
            context.add_cookies(sessions[person.email])
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(complaint_in(message, tolerated)))
        page.goto(path)
        return page

    yield open_as
    told = list(complaints)  # closing breaks off what a page is just asking for, and it complains of that
    for context in contexts:
        context.close()
    assert told == []


def complaint_in(message: ConsoleMessage, tolerated: str | None) -> list[str]:
    """What the browser complains of, unless it is the status of the page itself, which is the test's business."""
    is_about_page = message.page is not None and message.location["url"] == message.page.url
    is_expected = is_about_page or (tolerated is not None and tolerated in message.text)
    return [message.text] if message.type == "error" and not is_expected else []


def session_of(site: str, person: Person) -> list[Any]:
    """The cookies of somebody who signed in with address and password. Only what is about signing in needs a browser
    for it: for all the others it would be half of their time."""
    with httpx.Client(base_url=site) as client:
        form = fields_of(client.get("/login").text) | {"email": person.email, "password": PASSWORD}
        assert client.post("/login", data=form).status_code == 302
        return [{"name": name, "value": value, "url": site} for name, value in client.cookies.items()]
