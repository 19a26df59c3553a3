"""Recent calls: what is looked for, the list and its older pages, and its rows as they are now."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from flask import Response, abort, make_response, render_template, request, url_for
from pydantic import BaseModel, Field, ValidationError, field_validator
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from db import businesses, clock
from web import finding, formats, loader
from web.api.models import Day, Sought
from web.auth import reader
from web.cursor import GREATEST_ID, Cursor
from web.house import house
from web.pages import addresses
from web.pages.blueprint import pages
from web.pages.shown import MOST_POLLED, by_day, days_of, shown
from web.snippets import snippets

ROWS = 50
LIST, OLDER = "list", "older"
"""The parts of the page that htmx asks for, by their ids."""


class Wish(BaseModel):
    """What the page is asked for, as it stands in its address."""

    q: Sought = ""
    period: Literal["all", "today", "week", "range"] = "all"
    start: Day | None = None
    end: Day | None = None
    show: Literal["all"] | finding.Kind = "all"
    cursor: str | None = None
    listed: int = Field(0, ge=0)
    """How many rows are on the page already, which older ones are added to."""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _may_be_empty(cls, value: object) -> object:
        """A form sends empty fields too."""
        return value or None

    @property
    def is_narrow(self) -> bool:
        return bool(self.q.strip()) or self.show != "all" or self.period != "all"

    @property
    def is_upside_down(self) -> bool:
        return bool(self.period == "range" and self.start and self.end and self.start > self.end)

    def address(self, **changes: Any) -> str:
        """The address of the same list, without what goes without saying."""
        days = {"start", "end"} if self.period == "range" else set()
        asked = self.model_dump(mode="json", include={"q", "period", "show", *days}, exclude_defaults=True) | changes
        return url_for("pages.recent_calls", **{name: value for name, value in asked.items() if value})


@dataclass(frozen=True)
class Page:
    """A page of the list: its calls, and where the next one begins."""

    calls: list[dict[str, Any]]
    first: Cursor | None
    next: Cursor | None


@pages.get("/")
def recent_calls() -> Response:
    """The newest calls, or those that are looked for."""
    wish = _wish()
    after = Cursor.read(wish.cursor) if wish.cursor else None
    with house().database.transaction() as session:
        page = _page(session, wish, after)
        number = None if page.calls or wish.is_narrow else _number(session)
    part = request.headers.get("HX-Target") if request.headers.get("HX-Request") else None
    template = {LIST: "_list.html", OLDER: "_older.html"}.get(part or "", "calls.html")
    listed = wish.listed if part == OLDER else 0
    response = make_response(
        render_template(
            template,
            wish=wish,
            webhook=addresses.webhook("incoming_call"),
            number=number,
            goes_on_from=formats.day_key(after.at) if after and part == OLDER else None,
            newest=None if wish.is_narrow or after else page.first,
            next=page.next,
            listed=listed + len(page.calls),
            **by_day(page.calls, room=MOST_POLLED - listed),
        )
    )
    if part == LIST:
        response.headers[_step(wish)] = wish.address()
    return response


@pages.get("/rows")
def rows() -> str:
    """The rows a page shows, as they are now, and calls that have come in since: one request for all of them."""
    wanted = [id for id in request.args.getlist("id", type=int) if 0 < id <= GREATEST_ID][:MOST_POLLED]
    newest = Cursor.read(request.args["newest"]) if request.args.get("newest") else None
    with house().database.transaction() as session:
        there = shown(session, loader.calls_by_id(session, reader(), wanted))
        came = loader.calls_before(session, reader(), newest, limit=ROWS) if newest else []
        new = shown(session, [call for call in came if call.id not in wanted])
    listed = by_day(there + new)
    return render_template(
        "_rows.html",
        calls=there,
        gone=set(wanted) - {call["id"] for call in there},
        new=days_of(new),
        newest=Cursor.of(came[0]) if came else newest,
        known_day=formats.day_key(newest.at) if newest else None,
        **{name: listed[name] for name in ("busy", "polled")},
    )


def _wish() -> Wish:
    try:
        return Wish.model_validate(request.args.to_dict())
    except ValidationError:
        abort(400)


def _page(session: Session, wish: Wish, after: Cursor | None) -> Page:
    if wish.is_upside_down:
        return Page([], None, None)
    sought = finding.search_for(session, reader(), wish.q)
    found = loader.recent_calls(
        session, reader(), limit=ROWS, after=after, among=_among(session, wish), asked=sought.asked
    )
    calls = shown(session, found)
    where = snippets(session, sought, [call.id for call in found])
    for call in calls:
        call["snippet"] = where.get(call["id"])
    return Page(calls, Cursor.of(found[0]) if found else None, Cursor.of(found[-1]) if len(found) == ROWS else None)


def _among(session: Session, wish: Wish) -> list[ColumnElement[bool]]:
    among = [] if wish.show == "all" else [finding.of_kind(wish.show)]
    zone = reader().time_zone
    if wish.period == "week":
        among.append(finding.last_week())
    elif wish.period == "today":
        today = clock.now(session).astimezone(ZoneInfo(zone)).date()
        among.append(finding.between(today, today, zone))
    elif wish.period == "range":
        among.append(finding.between(wish.start or finding.FIRST_DAY, wish.end or finding.LAST_DAY, zone))
    return among


def _step(wish: Wish) -> str:
    """Going back leads to the list before the search, not to each letter that was typed."""
    before, now = (dict(parse_qsl(urlsplit(address).query)) for address in (_current_address(), wish.address()))
    typed = before.pop("q", ""), now.pop("q", "")
    return "HX-Replace-Url" if all(typed) and before == now else "HX-Push-Url"


def _current_address() -> str:
    return request.headers.get("HX-Current-URL", "")


def _number(session: Session) -> str | None:
    """Which number to call first."""
    mine = reader().business_id
    return next(iter(businesses.numbers_of(session, mine)), None) if mine else None
