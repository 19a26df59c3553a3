"""Is a webhook from Twilio? The library raises where it should refuse; here every doubt is a no."""

import hmac
from collections.abc import Mapping, Sequence

from twilio.request_validator import RequestValidator


def is_signed(url: str, form: Mapping[str, object], signature: str | None, tokens: Sequence[str]) -> bool:
    """Whether one of the account's tokens signed this form for this URL.

    `url` is the public address with its query as it stood on the request line; `form` keeps blank and repeated
    values (an empty form for GET, whose parameters are in the URL).
    """
    if not signature or not signature.isascii():
        return False
    try:
        return any(_verifies(RequestValidator(token), url, form, signature) for token in tokens)
    except (TypeError, ValueError):  # a bad port, a body it can't read
        return False


def _verifies(validator: RequestValidator, url: str, form: Mapping[str, object], signature: str) -> bool:
    """The URL as it stands; else as the library tries it, with and without a port, which loses an empty `?`."""
    exact = validator.compute_signature(url, form)
    return hmac.compare_digest(exact, signature) or validator.validate(url, form, signature)
