"""The costs page: which calls cost more than their minutes, week by week, why, and what to do about it."""

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from db.words import Role
from web import cost_reasons, costs, stats
from web.api.figures import Whose
from web.auth import needs
from web.pages.blueprint import pages
from web.pages.dashboard import asked, businesses_to_choose


@pages.get("/dashboard/costs")
@needs(Role.MANAGER)
def costs_by_week() -> ResponseReturnValue:
    """A manager's own business; an operator's choice, or all together."""
    query = asked(Whose)
    shown = {"asked": query, "businesses": businesses_to_choose(), "names": cost_reasons.names()}
    try:
        found = costs.costs_of(query.business_id, str(get_locale()))
    except stats.TooMany:
        return render_template("costs.html", costs=None, **shown), 503
    return render_template("costs.html", costs=found, advice=cost_reasons.advice(), **shown)
