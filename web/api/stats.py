"""The dashboard's numbers."""

from flask import Response, jsonify
from flask_babel import gettext

from web import stats
from web.api.blueprint import api, problem
from web.api.figures import Stats, StatsQuery


@api.get("/stats", responses={200: Stats})
def show_stats(query: StatsQuery) -> Response:
    """How calls ended, how long the stages took, and what waits. Reading starts nothing."""
    try:
        return jsonify(stats.stats_of(query.days, query.business_id))
    except stats.TooMany:
        return problem(503, "too_many_calls", gettext("More calls than can be counted in time: ask for fewer days."))
