"""Who gets in through a webhook: the phone company, for our account, and nobody else."""

import logging

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden

from conf.logs import log_event
from providers.telephony import is_signed
from web.house import house

log = logging.getLogger(__name__)

FORM = "application/x-www-form-urlencoded"

PROBLEMS = {
    "no_credentials": "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set",
    "no_form": "Not a form",
    "wrong_signature": "Not signed by the phone company",
    "other_account": "Not our account",
}
"""The log's words for a refusal, and what its sender is told."""


def given() -> MultiDict[str, str]:
    """The event's fields: where the method puts them, and nowhere else."""
    return request.args if request.method == "GET" else request.form


def admit_signed() -> None:
    """Refuse whatever is not signed with our account's token, whole, for this very address."""
    problem = _problem()
    if problem:
        log_event(log, logging.WARNING, "WEBHOOK_REFUSED", path=request.url_rule, reason=problem)
        raise Forbidden(PROBLEMS[problem])


def _problem() -> str | None:
    settings = house().settings
    if not settings.has_twilio:
        return "no_credentials"
    if request.method == "POST" and request.mimetype != FORM:
        return "no_form"
    signature = request.headers.get("X-Twilio-Signature")
    form = request.form if request.method == "POST" else MultiDict()
    if not is_signed(_signed_address(), form, signature, settings.twilio_auth_tokens):
        return "wrong_signature"
    if given().getlist("AccountSid") != [settings.twilio_account_sid]:
        return "other_account"
    return None


def _signed_address() -> str:
    """Our public address and the request line's target as it stood: decoding it would break valid signatures, and
    no forwarded header is trusted."""
    target = request.environ.get("RAW_URI") or request.environ["REQUEST_URI"]
    base = house().settings.public_base_url or f"http://127.0.0.1:{house().settings.port}"
    return f"{base}{target}"
