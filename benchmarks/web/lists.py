"""Recent calls with few and with many calls stored."""

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection

from sqlalchemy import select, text

from benchmarks.web import shelves, site, wire
from benchmarks.web.site import House, Store
from db.models import CallLog
from launch.ports import LOOPBACK
from tests.support.people import PASSWORD, Person
from tests.support.web_process import WebProcess
from tests.web.browsing import fields_of
from web.cursor import Cursor

FIRST, PAGE = "/api/calls", "/"
MIDDLE, OPERATORS = "/api/calls, the middle", "/api/calls, an operator's"
FILTERS = ("status=busy", "direction=outbound", "stage_failed=summary")

MIDDLE_CALL = "SELECT id FROM call_log WHERE business_id = :business ORDER BY created_at DESC LIMIT 1 OFFSET :half"
OF_A_BUSINESS = "SELECT count(*) FROM call_log WHERE business_id = :business"

Times = Mapping[str, Sequence[float]]
"""Seconds of each answer, by what was asked for."""


@dataclass(frozen=True)
class Shelf:
    """A web process before a database with so many calls, and what is asked of it."""

    process: WebProcess
    requests: Mapping[str, bytes]

    def ask(self, name: str) -> float:
        """The seconds that it took."""
        answer = wire.ask(self.process.port, self.requests[name])
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{name} was answered with {answer.status}")
        return answer.seconds


def measure(house: House, sizes: Sequence[int], rounds: int, times: int) -> Sequence[Sequence[Times]]:
    """With each number of calls, in every round; the first is to get warm."""
    with ExitStack() as stack:
        shelves_ = [stack.enter_context(_shelf(house, size)) for size in sizes]
        return [_round(shelves_, times) for _ in range(1 + rounds)][1:]


def _round(shelves_: Sequence[Shelf], times: int) -> Sequence[Times]:
    """In turn, so that a busy moment hits all of them."""
    found: list[dict[str, list[float]]] = [{name: [] for name in shelf.requests} for shelf in shelves_]
    for _ in range(times):
        for name in shelves_[0].requests:
            for shelf, seconds in zip(shelves_, found, strict=True):
                seconds[name].append(shelf.ask(name))
    return found


@contextmanager
def _shelf(house: House, calls: int) -> Iterator[Shelf]:
    with site.store(house, f"calls_{calls}") as store:
        reader, operator = shelves.fill(store, calls)
        with site.ours(store) as process:
            yield Shelf(process, dict(_requests(store, process, reader, operator)))


def _requests(store: Store, process: WebProcess, reader: Person, operator: Person) -> Iterator[tuple[str, bytes]]:
    yield FIRST, wire.get(FIRST, reader.headers)
    yield MIDDLE, wire.get(f"{FIRST}?cursor={_middle(store, reader.business_id)}", reader.headers)
    yield PAGE, wire.get(PAGE, {"Cookie": _session_of(process, reader)})
    yield OPERATORS, wire.get(FIRST, operator.headers)
    for query in FILTERS:
        yield f"/api/calls?{query}", wire.get(f"{FIRST}?{query}", reader.headers)


def _middle(store: Store, business_id: int) -> str:
    with store.database.transaction() as session:
        known = {"business": business_id}
        half = session.execute(text(OF_A_BUSINESS), known).scalar_one() // 2
        call_id = session.execute(text(MIDDLE_CALL), known | {"half": half}).scalar_one()
        return urllib.parse.quote(str(Cursor.of(session.scalars(select(CallLog).where(CallLog.id == call_id)).one())))


def _session_of(process: WebProcess, person: Person) -> str:
    """The cookie of somebody who has signed in. It is for https only, which is why no client keeps it for us."""
    connection = HTTPConnection(LOOPBACK, process.port)
    connection.request("GET", "/login")
    page = connection.getresponse()
    form = fields_of(page.read().decode()) | {"email": person.email, "password": PASSWORD}
    cookie = {"Cookie": str(page.getheader("Set-Cookie")).partition(";")[0]}
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", urllib.parse.urlencode(form), cookie | kind)
    signed_in = str(connection.getresponse().getheader("Set-Cookie")).partition(";")[0]
    connection.close()
    return signed_in
