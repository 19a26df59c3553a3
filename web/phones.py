"""Phone numbers as people write them, in whatever spelling; the system has them in E.164."""

import re

import phonenumbers

from db.models import Business

E164 = re.compile(r"\+[1-9][0-9]{4,14}")

ABROAD = "00"
"""How most of the world dials what E.164 writes as +."""


def country_of(business: Business | None) -> str | None:
    """Where the business is, as far as its number says: there, numbers are written without their country."""
    return country_of_number((business and business.phone_number) or "")


def country_of_number(number: str) -> str | None:
    """Where that number is."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def e164(written: str, country: str | None) -> str | None:
    """The number; None for what is none."""
    plain = written.strip()
    if plain.startswith(ABROAD):
        plain = f"+{plain.removeprefix(ABROAD)}"
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    is_possible = phonenumbers.is_possible_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if is_possible else None


def is_number(text: str | None) -> bool:
    """Whether that is somebody's number: others are anonymous, or call by a client or SIP address."""
    return text is not None and E164.fullmatch(text) is not None
