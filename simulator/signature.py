"""The X-Twilio-Signature header: how a customer knows that a request comes from the phone company."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit


def sign(token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """Sign the address and, for each name in byte order, each distinct value in order.

    A request that carries its parameters in the query signs the address alone.
    """
    pairs = sorted(set(parameters), key=lambda pair: (pair[0].encode(), pair[1].encode()))
    text = signed_address(url) + "".join(name + value for name, value in pairs)
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed_address(url: str) -> str:
    """The part of an address that is signed: no fragment, and over https neither port nor user."""
    parts = urlsplit(url)
    place = parts.hostname or "" if parts.scheme == "https" else parts.netloc
    return urlunsplit(parts._replace(netloc=place, fragment=""))
