"""Alerts reach whatever service an address of ALERT_URLS names, or say in our words why not, and keep the address."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

import pytest

from conf import logs
from conf.settings import alert_addresses
from providers import alerts
from providers.alerts import LOG, Alerts, Service, open_alerts
from providers.errors import Unavailable
from tests.support.inbox import SECRET, Inbox, open_inbox

NOBODY = f"json://127.0.0.1:9/{SECRET}"


@dataclass(frozen=True)
class News:
    listener: str
    name: str = "no_worker"
    subject: str = "calls"
    is_over: bool = False
    message: str = "No worker takes jobs."


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """As a process does that logs at DEBUG."""
    logs.configure("DEBUG")
    logging.getLogger().addHandler(caplog.handler)
    return caplog


def tell(opened: Alerts, *news: News) -> list[str]:
    """Who has taken something."""
    taken: list[str] = []
    opened.tell(news, lambda item: taken.append(item.listener))
    return taken


def services(opened: Alerts) -> list[str]:
    return [listener for listener in opened.listeners if listener != LOG]


def test_an_alert_says_what_happened_and_where_to_read_on_and_its_end_says_so(inbox: Inbox) -> None:
    opened = open_alerts(inbox.address)
    (listener,) = services(opened)

    assert tell(opened, News(listener), News(listener, is_over=True)) == [listener, listener]

    began, ended = inbox.posts
    assert (began["title"], began["type"]) == ("Second Zero: no worker: calls", "failure")
    assert began["message"] == "No worker takes jobs.\nMore: docs/runbook.md, Alerts, no_worker."
    assert (ended["title"], ended["type"]) == ("Second Zero: over: no worker: calls", "success")


def test_each_address_hears_its_own_and_one_that_fails_holds_up_no_other(inbox: Inbox) -> None:
    opened = open_alerts(f"{NOBODY}, {inbox.address}")
    nobody, somebody = services(opened)

    assert tell(opened, News(nobody), News(somebody), News(nobody), News(LOG)) == [somebody, LOG]
    assert len(inbox.posts) == 1


def test_addresses_are_parted_by_commas_and_may_hold_some() -> None:
    assert alert_addresses("mailto://u:p@a.example?to=b@c.example,d@e.example , json://f/") == [
        "mailto://u:p@a.example?to=b@c.example,d@e.example",
        "json://f/",
    ]
    assert alert_addresses(None) == alert_addresses("") == []


def test_refused_is_unavailable_in_our_words(inbox: Inbox) -> None:
    inbox.status = HTTPStatus.FORBIDDEN
    with pytest.raises(Unavailable) as refused:
        Service(inbox.address).send("title", "text", is_over=False)

    assert refused.value.reason == "alert_service"
    assert SECRET not in str(refused.value)


def test_a_service_that_hangs_is_not_waited_for(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "SEND_SECONDS", 0.3)
    inbox.goes_on.clear()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        Service(inbox.address).send("title", "text", is_over=False)

    assert time.monotonic() - began < 1.5


def test_an_address_that_no_service_takes_is_refused_by_its_place_and_not_shown() -> None:
    with pytest.raises(ValueError, match="ALERT_URLS: address 2") as refused:
        open_alerts(f"json://127.0.0.1/, slak://{SECRET}/")

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.FORBIDDEN])
def test_no_log_has_the_address_however_much_is_logged(
    status: HTTPStatus, inbox: Inbox, everything_logged: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    inbox.status = status
    opened = open_alerts(f"{inbox.address},{NOBODY}")
    tell(opened, *(News(listener) for listener in opened.listeners))

    assert "ALERT alert=no_worker subject=calls" in everything_logged.text
    assert "ALERT_NOT_SENT alert=no_worker to=json reason=alert_service" in everything_logged.text
    printed = capsys.readouterr()
    for written in (everything_logged.text, printed.out, printed.err):
        assert SECRET not in written
