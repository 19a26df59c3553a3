"""The dashboard: how calls ended, how long it took, what waits, and what needs a person."""

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from db.models import Business
from db.words import Ending, Stage
from jobs.queues import QUEUE_OF_STAGE
from web import loader, stats
from web.api.figures import StatsQuery
from web.auth import reader
from web.cursor import GREATEST_ID, Cursor
from web.house import house
from web.measures import short_date
from web.pages.blueprint import pages
from web.pages.entries import entries

ROWS = 20
CHOICES = (7, 30, 90)
"""Days one can choose; any other number can be asked for by the address."""


@pages.get("/dashboard")
def dashboard() -> ResponseReturnValue:
    """Complete without any script: the charts are drawn from what stands in the tables."""
    query = asked(DashboardQuery)
    try:
        found = stats.stats_of(query.days, query.business_id)
    except stats.TooMany:
        return render_template("dashboard.html", stats=None, asked=query, **_choices()), 503
    return render_template(
        "dashboard.html",
        stats=found,
        asked=query,
        endings=_endings(),
        charts=_charts(found["per_day"]),
        steps=_steps(found["durations"]),
        stages=_stages(),
        queue_of=QUEUE_OF_STAGE,
        **_choices(),
        **_failed(query),
    )


@pages.get("/dashboard/needs")
def needs() -> str:
    """The calls that the page lists, as they are now: one whose stage is done again stays in its place."""
    wanted = [id for id in request.args.getlist("id", type=int)[:ROWS] if 0 < id <= GREATEST_ID]
    with house().database.transaction() as session:
        told = entries(session, loader.calls_by_id(session, reader(), wanted))
    return render_template("_needs.html", **told)


class DashboardQuery(StatsQuery):
    """Also where the list of what needs a person goes on."""

    after: str | None = None


Query = TypeVar("Query", bound=BaseModel)


def asked(kind: type[Query]) -> Query:
    """What the form leaves empty was not asked for."""
    try:
        return kind.model_validate({name: value for name, value in request.args.items() if value})
    except ValidationError:
        abort(400)


def _choices() -> dict[str, Any]:
    """Of days; and of businesses, for operators."""
    return {"choices": CHOICES, "businesses": businesses_to_choose()}


def businesses_to_choose() -> list[tuple[int, str]]:
    """Ids and names, for operators; nobody else chooses."""
    if not reader().is_operator:
        return []
    with house().database.transaction() as session:
        rows = session.execute(select(Business.id, Business.name).order_by(Business.name, Business.id))
        return [(row.id, row.name) for row in rows]


def _failed(query: DashboardQuery) -> dict[str, Any]:
    """What needs a person, and whether there is anything else."""
    place = Cursor.read(query.after) if query.after else None
    with house().database.transaction() as session:
        scope = loader.scope_of(session, reader(), query.business_id)
        found = loader.failed_calls(session, scope, limit=ROWS + 1, after=place)
        told = entries(session, found[:ROWS])
        is_new = not found and loader.has_no_calls(session, scope)
    return told | {"is_new": is_new, "older": str(Cursor.of(found[ROWS - 1])) if len(found) > ROWS else None}


def _charts(days: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is drawn: the rows of the tables, and the words beside them."""
    took = [day["hangup_to_text"] for day in days]
    return {
        "days": [short_date(day["date"]) for day in days],
        "endings": [
            {"name": ending, "label": word, "values": [day[ending] for day in days]}
            for ending, word in _endings().items()
        ],
        "lengths": [
            {"name": "p50", "label": gettext("Half of the calls within"), "values": [one["p50"] for one in took]},
            {"name": "p95", "label": gettext("19 of 20 calls within"), "values": [one["p95"] for one in took]},
        ],
    }


def _endings() -> dict[str, str]:
    """In the order in which they are stacked."""
    return {
        Ending.DONE: gettext("Done"),
        Ending.EMPTY: gettext("No recording or no speech"),
        Ending.MISSED: gettext("Missed"),
        Ending.WAITING: gettext("Waiting"),
        Ending.FAILED: gettext("Failed"),
    }


def _steps(durations: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (gettext("Hang-up to recording"), durations["hangup_to_file"]),
        (gettext("Recording to transcript"), durations["file_to_text"]),
        (gettext("Transcript to summary"), durations["text_to_summary"]),
        (gettext("Hang-up to transcript"), durations["hangup_to_text"]),
    ]


def _stages() -> dict[str, str]:
    return {
        Stage.RECORDING: gettext("Recording"),
        Stage.DOWNLOAD: gettext("Download"),
        Stage.TRANSCRIPT: gettext("Transcript"),
        Stage.SUMMARY: gettext("Summary"),
    }
