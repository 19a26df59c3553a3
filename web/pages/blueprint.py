"""The pages' blueprint: who reads, and what every page is given."""

from typing import Any

from flask import Blueprint, Response, request

from web import formats, measures, navigation, story
from web.locale import signed_in

pages = Blueprint("pages", __name__)

FILTERS = (
    formats.time_of_day,
    formats.time_to_the_second,
    formats.date_and_time,
    formats.day_and_time,
    formats.duration,
    formats.phone,
    formats.other_party,
    formats.other_number,
    formats.our_number,
    formats.lead_number,
    formats.gist,
    story.call_status,
    story.recording_status,
    story.told,
    measures.count,
    measures.share,
    measures.lapse,
    measures.short_date,
    measures.time_in,
)
for words in FILTERS:
    pages.add_app_template_filter(words)


@pages.app_context_processor
def who() -> dict[str, Any]:
    """What every page shows of its reader; nobody where the database does not answer."""
    tabs = navigation.tabs()
    form_page = next((tab.path for tab in tabs if tab.current and request.method != "GET"), None)
    here = form_page or request.full_path.removesuffix("?")  # where a form is sent to, there may be nothing to read
    return {"reader": signed_in(), "here": here, "places": navigation.places(), "tabs": tabs}


@pages.before_request
def know_the_reader() -> None:
    """Before a view takes a connection: who waits for a second one while holding the first may wait for ever."""
    signed_in()


@pages.after_request
def keep_private(response: Response) -> Response:
    """Pages are one reader's; and going back must not show the part that htmx asked for under the same address. What a
    form is answered with may hold a password or a token, which is shown once."""
    response.headers["Cache-Control"] = "private, no-store" if request.method == "POST" else "private, no-cache"
    response.vary.update(("HX-Request", "HX-Target"))
    return response
