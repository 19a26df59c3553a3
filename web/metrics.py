"""How the installation is, for Prometheus. Asked for anew each time, since PostgreSQL and Redis know it for all
processes; what can't be asked within two seconds is left out, and second_zero_up says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hmac import compare_digest
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from db import patience
from db.engine import OUTAGES
from providers.errors import ProviderError
from web import readings
from web.answered import answered
from web.auth import BEARER, reader
from web.house import House, house

metrics = Blueprint("metrics", __name__)

PATIENCE_SECONDS = 1.8
CANT_TELL = (*OUTAGES, ProviderError, LookupError)

Read = Callable[[House], Iterable[Metric]]

SOURCES: Mapping[str, Read] = {
    "redis": readings.queues,
    "disk": readings.disk,
    "lines": readings.lines,
    "sweeps": readings.sweeps,
    "alerts": readings.alerts,
    "sums": readings.sums,
    "recordings": readings.recordings,
    "calls": readings.calls,
    "durations": readings.durations,
}
"""From cheap to dear: the last ones are those that may take too long."""


class Vitals(Collector):
    """Everything, as it is now."""

    def __init__(self, asked: House) -> None:
        self._asked = asked

    def collect(self) -> Iterator[Metric]:
        """Whatever can be asked, and at the end what could not."""
        up: dict[tuple[str, ...], float] = {}
        for source, read in SOURCES.items():
            try:
                yield from list(read(self._asked))
                up[source,] = 1
            except CANT_TELL:
                up[source,] = 0
        yield readings.gauge("up", "0 where a source could not be asked, and its metrics are left out.", ["source"], up)


@metrics.get("/metrics")
def show() -> Response:
    """For Prometheus, operators and neighbours; nobody's calls, numbers or names are in it."""
    if not (_has_token() or _is_neighbour() or reader().is_operator):
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Vitals(current_app.extensions[metrics.name]))
    with patience.within(PATIENCE_SECONDS):
        answered().write_down()
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token() -> bool:
    """The one of METRICS_TOKEN, which needs no PostgreSQL to be known."""
    token, shown = house().settings.metrics_token, request.headers.get("Authorization", "")
    return token is not None and compare_digest(f"{BEARER}{token}".encode(), shown.encode())


def _is_neighbour() -> bool:
    """Where there is no METRICS_TOKEN: somebody on this machine or in its private network, and nobody's proxy."""
    if house().settings.metrics_token or "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False  # a socket's file: somebody's proxy is before us
    return (getattr(address, "ipv4_mapped", None) or address).is_private
