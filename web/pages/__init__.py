"""The pages: server-rendered, alive through htmx, complete without any script. Each module adds those of one thing."""

from web.pages import call, calls, sign_in
from web.pages.blueprint import pages

__all__ = ["call", "calls", "pages", "sign_in"]
