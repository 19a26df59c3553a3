"""Phone numbers as people write them, in whatever spelling; the system has them in E.164."""

import re

import phonenumbers
from werkzeug.exceptions import BadRequest

from db.models import Business

E164 = re.compile(r"\+[1-9][0-9]{4,14}")

ABROAD = "00"
"""How most of the world dials what E.164 writes as +."""


def country_of(business: Business | None) -> str | None:
    """Where the business is, as far as its number says: there, numbers are written without their country."""
    try:
        known = phonenumbers.parse((business and business.phone_number) or "")
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_number(known)


def e164(written: str, country: str | None, *, parameter: str) -> str:
    """The number; 400 that names the parameter for what is none."""
    plain = written.strip()
    if plain.startswith(ABROAD):
        plain = f"+{plain.removeprefix(ABROAD)}"
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException as error:
        raise BadRequest(f"{parameter}: not a phone number; write it with + and its country") from error
    if not phonenumbers.is_possible_number(parsed):
        raise BadRequest(f"{parameter}: not a phone number; it is too long or too short")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_number(text: str | None) -> bool:
    """Whether that is somebody's number: others are anonymous, or call by a client or SIP address."""
    return text is not None and E164.fullmatch(text) is not None
