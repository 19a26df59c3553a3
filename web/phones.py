"""Where a phone number is, and whether it is one."""

import re

import phonenumbers

from db.models import Business

E164 = re.compile(r"\+[1-9][0-9]{4,14}")


def country_of(business: Business | None) -> str | None:
    """Where the business is, as far as its number says: there, numbers are written without their country."""
    return country_of_number((business and business.phone_number) or "")


def country_of_number(number: str) -> str | None:
    """Where that number is."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def is_number(text: str | None) -> bool:
    """Whether that is somebody's number: others are anonymous, or call by a client or SIP address."""
    return text is not None and E164.fullmatch(text) is not None
