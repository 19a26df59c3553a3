"""The pages: server-rendered, alive through htmx, complete without any script. Each module adds those of one thing."""

from web.pages import (
    business,
    call,
    costs,
    dashboard,
    deletion,
    dial,
    leads,
    operator,
    people,
    recent,
    settings,
    sign_in,
)
from web.pages.blueprint import pages

__all__ = [
    "business",
    "call",
    "costs",
    "dashboard",
    "deletion",
    "dial",
    "leads",
    "operator",
    "pages",
    "people",
    "recent",
    "settings",
    "sign_in",
]
