"""The summary stage: a transcript in a few sentences."""

import logging
from functools import partial

from sqlalchemy.orm import Session

from conf.logs import log_event
from db import stages, transcripts
from db.engine import Database
from db.models import Business, CallLog
from db.words import Stage
from jobs.keeper import Held
from jobs.pipeline import Settle, Trade
from providers.errors import Rejected
from providers.language import Line, Summarizer, Summary

log = logging.getLogger(__name__)

SAID_BY = "summary"


class Summarize(Trade):
    """Sums up one call."""

    stage = Stage.SUMMARY
    longest = 900

    def __init__(self, summarizer: Summarizer, database: Database) -> None:
        self._summarizer, self._database = summarizer, database

    def work(self, held: Held) -> Settle:
        """Hand the transcript to the model. After a crash it may be asked again; its answer is written once."""
        with self._database.transaction() as session:
            transcript = transcripts.find(session, session.get_one(CallLog, held.claim.call_id))
            business = session.get(Business, held.claim.business_id)
        if transcript is None:
            raise Rejected("gone", "There is no transcript to sum up.", outcome="gave_up")
        lines = [Line(turn["speaker"], turn["text"]) for turn in transcript.turns]
        summary = self._summarizer.summarize(
            lines, language=transcript.language, business=business.name if business else None
        )
        return partial(_settle, summary)


def _settle(summary: Summary, session: Session, call: CallLog) -> None:
    stages.settle_summary(session, call, summary.text, model=summary.model, said_by=SAID_BY)
    log_event(log, logging.INFO, "SUMMARY_DONE", call_sid=call.call_sid, model=summary.model)
