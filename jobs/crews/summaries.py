"""Sums calls up."""

from conf.settings import Settings
from db.engine import Database
from jobs.pipeline import Trade
from jobs.summarize import Summarize
from providers.language.summarizers import make_summarizer


def trade(settings: Settings, database: Database) -> Trade:
    """Needs a language model's server, or nothing."""
    summarizer = make_summarizer(settings.openai_api_key, settings.openai_base_url, settings.summary_model)
    return Summarize(summarizer, database)
