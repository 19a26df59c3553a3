"""Who gets in through a webhook: the phone company, for our account, and nobody else."""

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden

from providers.telephony import is_signed
from web.house import house

FORM = "application/x-www-form-urlencoded"


def given() -> MultiDict[str, str]:
    """The event's fields: where the method puts them, and nowhere else."""
    return request.args if request.method == "GET" else request.form


def admit_signed() -> None:
    """Refuse whatever is not signed with our account's token, whole, for this very address."""
    settings = house().settings
    if not settings.has_twilio:
        raise Forbidden("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set")
    if request.method == "POST" and request.mimetype != FORM:
        raise Forbidden("Not a form")
    signature = request.headers.get("X-Twilio-Signature")
    form = request.form if request.method == "POST" else MultiDict()
    if not is_signed(_signed_address(), form, signature, settings.twilio_auth_tokens):
        raise Forbidden("Not signed by the phone company")
    if given().getlist("AccountSid") != [settings.twilio_account_sid]:
        raise Forbidden("Not our account")


def _signed_address() -> str:
    """Our public address and the request line's target as it stood: decoding it would break valid signatures, and
    no forwarded header is trusted."""
    target = request.environ.get("RAW_URI") or request.environ["REQUEST_URI"]
    base = house().settings.public_base_url or f"http://127.0.0.1:{house().settings.port}"
    return f"{base}{target}"
