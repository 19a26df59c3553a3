"""Tells operators that something is wrong, through whatever Apprise knows. Addresses hold secrets: none is logged."""

import logging
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from threading import Thread
from typing import Any, Protocol, TypeVar

from apprise import Apprise, NotifyType

from conf.logs import log_event
from conf.settings import alert_addresses
from providers.errors import Unavailable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 4
READ_SECONDS = 4
SEND_SECONDS = 10
"""In all: a service that answers one byte at a time keeps nobody longer."""

LOG = "log"
"""The listener that is always there."""


class Told(Protocol):
    """What one listener is to be told."""

    @property
    def listener(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def is_over(self) -> bool: ...
    @property
    def message(self) -> str: ...


News = TypeVar("News", bound=Told)


class Service:
    """One address. `scheme` may be shown, the rest of it not."""

    def __init__(self, address: str) -> None:
        self.scheme = address.partition("://")[0].lower()
        self._plugin: Any = Apprise.instantiate(address, suppress_exceptions=True)
        if self._plugin is None:
            raise ValueError(f"Apprise has no service that takes such an address ({self.scheme}://…)")
        self._plugin.socket_connect_timeout = min(CONNECT_SECONDS, self._plugin.socket_connect_timeout)
        self._plugin.socket_read_timeout = min(READ_SECONDS, self._plugin.socket_read_timeout)

    def send(self, title: str, text: str, *, is_over: bool) -> None:
        """Raises Unavailable when it was not taken, or not within SEND_SECONDS."""
        taken: list[bool] = []
        kind = NotifyType.SUCCESS if is_over else NotifyType.FAILURE

        def notify() -> None:
            try:
                taken.append(bool(self._plugin.notify(body=text, title=title, notify_type=kind)))
            except Exception:  # noqa: BLE001 - a hundred services, and what they raise may hold their address
                taken.append(False)

        sender = Thread(target=notify, daemon=True)
        sender.start()
        sender.join(SEND_SECONDS)
        if not taken:
            raise Unavailable("timeout", "The alert service did not answer in time.")
        if not taken[0]:
            raise Unavailable("alert_service", "The alert service did not take the alert.")


class Alerts:
    """The log, and every address of ALERT_URLS."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    @property
    def listeners(self) -> list[str]:
        """Who is to be told, by names that say nothing of their addresses."""
        return [LOG, *self._services]

    def tell(self, news: Iterable[News], told: Callable[[News], None]) -> None:
        """Tell each its own, and note it. Who does not take one is left alone until the next time."""
        deaf: set[str] = set()
        for item in news:
            if item.listener in deaf:
                continue
            try:
                self._tell(item)
            except Unavailable as error:
                deaf.add(item.listener)
                scheme = self._services[item.listener].scheme
                log_event(log, logging.WARNING, "ALERT_NOT_SENT", alert=item.name, to=scheme, reason=error.reason)
            else:
                told(item)

    def _tell(self, news: Told) -> None:
        if news.listener == LOG:
            level, event = (logging.INFO, "ALERT_OVER") if news.is_over else (logging.ERROR, "ALERT")
            log_event(log, level, event, alert=news.name, subject=news.subject or None)
            return
        self._services[news.listener].send(_title(news), _text(news), is_over=news.is_over)


def open_alerts(urls: str | None) -> Alerts:
    """Those that ALERT_URLS names. Raises ValueError, saying which one is wrong and keeping it to itself."""
    services = {}
    for number, address in enumerate(alert_addresses(urls), 1):
        try:
            services[sha256(address.encode()).hexdigest()[:16]] = Service(address)
        except ValueError as error:
            raise ValueError(f"ALERT_URLS: address {number}: {error}") from None
    return Alerts(services)


def _title(news: Told) -> str:
    what = news.name.replace("_", " ") + (f": {news.subject}" if news.subject else "")
    return f"Second Zero: over: {what}" if news.is_over else f"Second Zero: {what}"


def _text(news: Told) -> str:
    if news.is_over:
        return f"This is over, and nothing has to be done: {news.message}"
    return f"{news.message}\nMore: docs/runbook.md, Alerts, {news.name}."
