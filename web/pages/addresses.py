"""The addresses to enter at the phone company."""

from flask import request, url_for
from flask_babel import gettext

from web.house import house


def webhook(name: str) -> str:
    """The address of that webhook, as the phone company reaches it."""
    base = house().settings.public_base_url or request.host_url.rstrip("/")
    return base + url_for(f"webhooks.{name}")


def to_enter() -> list[tuple[str, str, str]]:
    """Of each webhook that has to be entered by hand: its name, where it belongs, and its address."""
    places = (
        ("incoming_call", gettext("A call comes in")),
        ("fallback", gettext("Primary handler fails")),
        ("call_status", gettext("Call status changes")),
        ("debugger", gettext("Error log of the account")),
    )
    return [(name, place, webhook(name)) for name, place in places]
