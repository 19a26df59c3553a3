"""The pages: server-rendered, alive through htmx, complete without any script. Each module adds those of one thing."""

from web.pages import business, calls, operator, people, settings, sign_in
from web.pages.blueprint import pages

__all__ = ["business", "calls", "operator", "pages", "people", "settings", "sign_in"]
