"""Where every page's header leads, and which pages are beside this one: one line each, in the order shown."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from db.words import Role
from web.locale import signed_in


@dataclass(frozen=True)
class Place:
    """A part of the site. `parts` are the beginnings of the paths that belong to it, beside its own."""

    path: str
    label: str
    role: Role = Role.AGENT
    parts: tuple[str, ...] = ()

    @property
    def current(self) -> str | None:
        """How aria-current says that this page is the place, or in it."""
        if request.path == self.path:
            return "page"
        return "true" if request.path.startswith(self.parts or (f"{self.path}/",)) else None


def places() -> list[Place]:
    """The parts of the site that the reader may go to; none for nobody."""
    return _open_to_reader(
        Place("/", gettext("Calls"), parts=("/calls/", "/leads/")),
        Place("/dashboard", gettext("Dashboard")),
        Place("/settings", gettext("Settings")),
        Place("/operator/businesses", gettext("Businesses"), Role.OPERATOR, parts=("/operator/",)),
        Place("/admin/rq", gettext("Queues"), Role.OPERATOR),
    )


def tabs() -> list[Place]:
    """The pages beside this one, where a place has several."""
    if request.path.startswith("/settings"):
        return _open_to_reader(
            Place("/settings", gettext("You"), parts=("/settings/password", "/settings/tokens", "/settings/sessions")),
            Place("/settings/business", gettext("Business"), Role.MANAGER),
            Place("/settings/people", gettext("People"), Role.MANAGER),
        )
    if request.path.startswith("/operator/"):
        return _open_to_reader(
            Place("/operator/businesses", gettext("Businesses"), Role.OPERATOR),
            Place("/operator/numbers", gettext("Contested numbers"), Role.OPERATOR),
            Place("/operator/unassigned", gettext("Unassigned calls"), Role.OPERATOR),
        )
    return []


def _open_to_reader(*places: Place) -> list[Place]:
    reader = signed_in()
    return [place for place in places if reader.may_act_as(place.role)] if reader else []
