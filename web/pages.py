"""The pages: server-rendered, alive through htmx, complete without any script."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import InputRequired, Length

from db.words import DownloadStatus, RecordingStatus, TextStatus
from web import audio, auth, loader, present
from web.auth import reader
from web.house import house

pages = Blueprint("pages", __name__)

ROWS = 50
BUSY_TEXTS = {TextStatus.PENDING, TextStatus.PROCESSING}
LONGEST_INPUT = 255


class SignInForm(FlaskForm):
    """Who, and the password."""

    email = EmailField(validators=[InputRequired(), Length(max=LONGEST_INPUT)])
    password = PasswordField(validators=[InputRequired(), Length(max=LONGEST_INPUT)])


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
    return render_template("sign_in.html", form=form, problem=problem), 401 if problem else 200


@pages.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    logout_user()
    return redirect(url_for("pages.sign_in"))


@pages.get("/")
def recent_calls() -> str:
    """The newest calls."""
    with house().database.transaction() as session:
        found = loader.recent_calls(session, reader(), limit=ROWS)
        rows = _rows(present.present_list(session, found, house().settings.business_slots))
    return render_template("calls.html", rows=rows, busy=any(row["busy"] for row in rows))


@pages.get("/rows")
def rows() -> str:
    """The rows a page shows, as they are now: one request for all of them."""
    wanted = request.args.getlist("call")[:ROWS]
    with house().database.transaction() as session:
        found = loader.calls_by_sid(session, reader(), wanted)
        fresh = _rows(present.present_list(session, found, house().settings.business_slots))
    return render_template("_rows.html", rows=fresh, busy=any(row["busy"] for row in fresh))


@pages.get("/calls/<call_sid>")
def call(call_sid: str) -> str:
    """One call; asked for by htmx, only the part of the page that moves."""
    with house().database.transaction() as session:
        found = loader.load_call(session, reader(), call_sid)
        shown = present.present_call(session, found, house().settings.business_slots)
        playable = audio.is_to_come(found)
    template = "_call.html" if request.headers.get("HX-Request") else "call.html"
    return render_template(template, call=_rows([shown])[0], playable=playable)


def _rows(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the API shows, and whether it will change by itself."""
    return [call | {"busy": is_busy(call)} for call in shown]


def is_busy(call: dict[str, Any]) -> bool:
    """Whether a stage is at work or waits for its turn."""
    if call["outcome"] or call["recording_status"] == RecordingStatus.FAILED:
        return False
    if call["recording_download_status"] == DownloadStatus.FAILED and not call["recording_next_retry_at"]:
        return False
    return call["transcript_status"] in BUSY_TEXTS or call["summary_status"] in BUSY_TEXTS


def _own_path(wanted: str | None) -> str:
    """Where to go after signing in: a path of ours, or the first page."""
    parts = urlsplit(wanted or "")
    is_ours = parts.path.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in parts.path
    return parts.path if is_ours and not parts.path.startswith("//") else url_for("pages.recent_calls")
