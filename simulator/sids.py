"""Identifiers in the shape Twilio gives them: two letters and 32 hexadecimal digits."""

import secrets


def make_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
