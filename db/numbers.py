"""Phone numbers as people write them, in whatever spelling; the tables have them in E.164."""

import phonenumbers

ABROAD = "00"
"""How most of the world dials what E.164 writes as +."""


def e164(written: str, country: str | None = None) -> str | None:
    """The number; None for what is none. Without its country it is one of `country`, an ISO 3166 code."""
    plain = written.strip()
    if plain.startswith(ABROAD):
        plain = f"+{plain.removeprefix(ABROAD)}"
    try:
        parsed = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
