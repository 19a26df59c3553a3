"""The HTTP API: JSON for programs and for our own pages. Each module adds the routes of one thing."""

from web.api import calls, leads, recordings, stats
from web.api.blueprint import api, refuse
from web.api.document import document

__all__ = ["api", "calls", "document", "leads", "recordings", "refuse", "stats"]
