"""A stage done again because a reader asks for it, on a page or through the API."""

from flask_babel import gettext

from db import retries
from db.retries import Refusal
from db.words import Stage
from web import loader
from web.auth import reader
from web.house import house

STAGES = {"recording": Stage.RECORDING, "transcript": Stage.TRANSCRIPT, "summary": Stage.SUMMARY}
"""What a reader may ask for: the download belongs to the recording."""


def request_retry(call_sid: str, stage: Stage, *, force: bool = False) -> None:
    """Put the call in line. 404 as for everything a reader may not see; raises retries.Conflict."""
    who = reader()
    with house().database.transaction() as session:
        call = loader.load_call(session, who, call_sid, lock=True)
        opened = retries.retry(session, call, stage, force=force, said_by=f"user:{who.id}")
    house().admit(opened, call)


def told(refusal: Refusal) -> str:
    """Why not, and what one can do instead."""
    return {
        Refusal.RUNNING: gettext("It is being worked on already."),
        Refusal.IN_LINE: gettext("It is in line already."),
        Refusal.DONE: gettext("It is done already; with force it is done again."),
        Refusal.NO_RECORDING: gettext("The recording is not here: have the recording fetched first."),
        Refusal.NO_TRANSCRIPT: gettext("There is no transcript to sum up: have the transcript written first."),
        Refusal.NO_SPEECH: gettext("Nobody spoke, so there is nothing to sum up."),
    }[refusal]
