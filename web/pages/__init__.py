"""The pages: server-rendered, alive through htmx, complete without any script. Each module adds those of one thing."""

from web.pages import calls, dashboard, leads, sign_in
from web.pages.blueprint import pages

__all__ = ["calls", "dashboard", "leads", "pages", "sign_in"]
