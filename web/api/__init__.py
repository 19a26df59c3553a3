"""The HTTP API: JSON for programs and for our own pages. Each module adds the routes of one thing."""

from web.api import calls, deletions, dial, leads, recordings, stats, transcripts
from web.api.blueprint import api, refuse
from web.api.document import document

__all__ = [
    "api",
    "calls",
    "deletions",
    "dial",
    "document",
    "leads",
    "recordings",
    "refuse",
    "stats",
    "transcripts",
]
