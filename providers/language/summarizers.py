"""Chooses who writes the summaries."""

from providers.language import Summarizer
from providers.language.extractive import ExtractiveSummarizer
from providers.language.openai_server import OpenAISummarizer


def make_summarizer(api_key: str | None, base_url: str | None, model: str | None) -> Summarizer:
    """A server when one is configured (a key, a base URL, or both); the offline extract otherwise."""
    if api_key or base_url:
        return OpenAISummarizer(api_key, base_url, model)
    return ExtractiveSummarizer()


__all__ = ["ExtractiveSummarizer", "OpenAISummarizer", "make_summarizer"]
