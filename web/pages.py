"""The pages: server-rendered, alive through htmx, complete without any script."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from db.models import Business, CallLog, Task
from db.retries import Conflict
from db.words import FINAL_CALL_STATUSES, RecordingStatus
from web import audio, auth, formats, loader, present, story
from web.auth import reader
from web.badges import badges_of
from web.cursor import GREATEST_ID
from web.house import house
from web.locale import LANGUAGES, signed_in
from web.retry import STAGES, request_retry

pages = Blueprint("pages", __name__)

ROWS = 50
LONGEST_INPUT = 255
LANGUAGE_SECONDS = 365 * 24 * 3600
"""How long a browser remembers the language: a year, which is about the longest that browsers allow."""

EXPECTED_RECORDING = {RecordingStatus.PENDING, RecordingStatus.RECORDING}

FILTERS = (
    formats.time_of_day,
    formats.time_to_the_second,
    formats.date_and_time,
    formats.duration,
    formats.phone,
    formats.other_party,
    formats.our_number,
    formats.gist,
    story.call_status,
    story.told,
)
for words in FILTERS:
    pages.add_app_template_filter(words)


class SignInForm(FlaskForm):
    """Who, and the password."""

    email = EmailField(validators=[InputRequired(), Length(max=LONGEST_INPUT)])
    password = PasswordField(validators=[InputRequired(), Length(max=LONGEST_INPUT)])


@pages.app_context_processor
def who() -> dict[str, Any]:
    """What every page shows of its reader; nobody where the database does not answer."""
    return {"reader": signed_in(), "here": request.full_path.removesuffix("?")}


@pages.before_request
def know_the_reader() -> None:
    """Before a view takes a connection: who waits for a second one while holding the first may wait for ever."""
    signed_in()


@pages.after_request
def keep_private(response: Response) -> Response:
    """Pages are one reader's; and going back must not show the part that htmx asked for under the same address."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("HX-Request")
    return response


@pages.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in; wrong and unknown sound the same."""
    form, problem = SignInForm(), None
    if form.validate_on_submit():
        with house().database.transaction() as session:
            found = auth.sign_in(session, form.email.data, form.password.data)
        if found:
            login_user(found)
            return redirect(_own_path(request.args.get("next")))
        problem = gettext("The address or the password is wrong.")
    elif form.is_submitted():
        problem = gettext("Enter your address and your password.")
    return render_template("sign_in.html", form=form, problem=problem), 401 if problem else 200


@pages.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    return redirect(url_for("pages.sign_in"))


@pages.get("/language/<code>")
def choose_language(code: str) -> ResponseReturnValue:
    """Remember the language in this browser, and go back to where its reader was."""
    if code not in LANGUAGES:
        abort(404)
    response = redirect(_own_path(request.args.get("next")))
    response.set_cookie("lang", code, max_age=LANGUAGE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@pages.get("/")
def recent_calls() -> str:
    """The newest calls."""
    with house().database.transaction() as session:
        shown = _rows(session, loader.recent_calls(session, reader(), limit=ROWS))
        number = None if shown else _number(session)
    return render_template("calls.html", number=number, webhook=_webhook(), **_list(shown))


@pages.get("/rows")
def rows() -> str:
    """The rows a page shows, as they are now: one request for all of them."""
    wanted = request.args.getlist("id", type=int)[:ROWS]
    with house().database.transaction() as session:
        shown = _rows(session, loader.calls_by_id(session, reader(), [id for id in wanted if 0 < id <= GREATEST_ID]))
    return render_template("_rows.html", **_list(shown))


@pages.get("/calls/<call_sid>")
def call(call_sid: str) -> str:
    """One call; asked for by htmx, only the part of the page that moves."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        shown = present.present_call(session, found, house().settings.business_slots) | _rows(session, [found])[0]
        shown["worth_hearing"] = present.WORTH_HEARING
    template = "_call.html" if request.headers.get("HX-Request") else "call.html"
    return render_template(template, call=shown)


@pages.post("/calls/<call_sid>/retry")
def retry(call_sid: str) -> ResponseReturnValue:
    """Have a stage done again; then the page shows where the call stands."""
    stage = STAGES.get(request.form.get("stage", "")) or abort(400)
    with suppress(Conflict):  # somebody was quicker: the page shows that too
        request_retry(call_sid, stage)
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Trigger": "refresh"}
    return redirect(url_for("pages.call", call_sid=call_sid), 303)


def _rows(session: Session, found: Sequence[CallLog]) -> list[dict[str, Any]]:
    """What the API shows of the calls, with what only people need."""
    shown = present.present_list(session, found, house().settings.business_slots)
    at_work = set(session.scalars(select(Task.call_id).where(Task.call_id.in_([call.id for call in found]))))
    return [fields | _for_people(call, fields, call.id in at_work) for call, fields in zip(found, shown, strict=True)]


def _for_people(call: CallLog, fields: dict[str, Any], is_at_work: bool) -> dict[str, Any]:
    badges = badges_of(fields)
    return {
        "id": call.id,
        "badges": badges,
        "has_failed": any(badge.state == "failed" for badge in badges),
        "busy": is_at_work or _goes_on(call),
        "playable": bool(fields["call_sid"]) and audio.is_to_come(call),
    }


def _goes_on(call: CallLog) -> bool:
    """Whether the call itself, or its recording, is not over yet."""
    return call.call_status not in FINAL_CALL_STATUSES and call.recording_status in EXPECTED_RECORDING


def _list(shown: list[dict[str, Any]]) -> dict[str, Any]:
    now = datetime.now(UTC)
    days = groupby(shown, lambda call: formats.day(call["created_at"], now))
    return {
        "days": [(heading, list(calls)) for heading, calls in days],
        "ids": [call["id"] for call in shown],
        "busy": sum(call["busy"] for call in shown),
    }


def _number(session: Session) -> str | None:
    """Which number to call first."""
    business = session.get(Business, reader().business_id) if reader().business_id else None
    return business.phone_number if business else None


def _webhook() -> str:
    """What to enter at the phone company."""
    base = house().settings.public_base_url or request.host_url.rstrip("/")
    return base + url_for("webhooks.incoming_call")


def _own_path(wanted: str | None) -> str:
    """Where to go next: a path of ours, or the first page."""
    parts = urlsplit(wanted or "")
    is_ours = parts.path.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in parts.path
    if not is_ours or parts.path.startswith("//"):
        return url_for("pages.recent_calls")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
