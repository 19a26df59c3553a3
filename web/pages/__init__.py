"""The pages: server-rendered, alive through htmx, complete without any script. Each module adds those of one thing."""

from web.pages import business, call, deletion, dial, operator, people, recent, settings, sign_in
from web.pages.blueprint import pages

__all__ = ["business", "call", "deletion", "dial", "operator", "pages", "people", "recent", "settings", "sign_in"]
