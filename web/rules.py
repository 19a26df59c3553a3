"""What may be typed for a business, a user or a token: the same for the pages and the commands.

Each rule takes a text and gives back what is stored, or raises Wrong with a sentence for people.
"""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from flask_babel import gettext

from db.adoption.numbers import e164
from db.users import SESSION
from web.locale import LANGUAGES

LONGEST = 255
LONGEST_GREETING = 1000
LONGEST_TERM = 100
MOST_TERMS = 200
SHORTEST_PASSWORD = 8

LANGUAGE_CODE = re.compile("[a-z]{2,3}")
CONTROL = "Cc"
"""NUL and its like, which PostgreSQL has no text with. Marks of direction are no such: Hebrew is pasted with them."""

EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class Wrong(ValueError):
    """What was typed is not what is needed; the message says what is."""


def name(text: str) -> str:
    """What a business or a token is called."""
    return _needed(text, LONGEST)


def token_name(text: str) -> str:
    """Any name, but for the one that browsers' tokens have."""
    found = name(text)
    if found == SESSION:
        raise Wrong(gettext("This name is kept for browsers. Choose another one."))
    return found


def email(text: str) -> str:
    """An address one signs in with."""
    found = _line(text, LONGEST)
    if not EMAIL.fullmatch(found):
        raise Wrong(gettext("An address has one @ and no blanks, e.g. dana@example.com."))
    return found


def password(text: str) -> str:
    """Long enough; what is in it is its owner's business."""
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST:
        raise Wrong(gettext("A password has %(least)s to %(most)s characters.", least=SHORTEST_PASSWORD, most=LONGEST))
    return text


def number(text: str) -> str:
    """A telephone number however it is spelled, as long as it says its country."""
    found = e164(_line(text, LONGEST))
    if not found:
        raise Wrong(gettext("Write the number with its country, e.g. +14155550100."))
    return found


def number_or_none(text: str) -> str | None:
    return number(text) if text.strip() else None


def greeting(text: str) -> str | None:
    """What callers hear; nothing is a greeting of ours."""
    return _text(text, LONGEST_GREETING) or None


def language(text: str) -> str | None:
    """Of pages and greetings; nothing leaves it to each browser."""
    if text not in ("", *LANGUAGES):
        raise Wrong(gettext("Choose one of the languages."))
    return text or None


def spoken_languages(text: str) -> list[str]:
    """Codes with commas between them."""
    codes = [code.strip().lower() for code in text.split(",")]
    if not all(LANGUAGE_CODE.fullmatch(code) for code in codes):
        raise Wrong(gettext("Write codes of two letters with commas between them, e.g. he,en."))
    return list(dict.fromkeys(codes))


def spoken_languages_or_none(text: str) -> list[str] | None:
    return spoken_languages(text) if text.strip() else None


def term(text: str) -> str:
    """A name as transcripts are to write it."""
    return _needed(text, LONGEST_TERM)


def vocabulary(text: str) -> list[str]:
    """Names and terms, one a line."""
    terms = [term(line) for line in text.splitlines() if line.strip()]
    if len(terms) > MOST_TERMS:
        raise Wrong(gettext("At most %(most)s lines.", most=MOST_TERMS))
    return list(dict.fromkeys(terms))


def time_zone(text: str) -> str:
    """A name of the time zone database."""
    found = text.strip()
    if found not in time_zones():
        raise Wrong(gettext("There is no such time zone; write e.g. Asia/Jerusalem."))
    return found


@cache
def time_zones() -> tuple[str, ...]:
    """The names there are."""
    return tuple(sorted(available_timezones()))


def _needed(text: str, longest: int) -> str:
    found = _line(text, longest)
    if not found:
        raise Wrong(gettext("A name is needed."))
    return found


def _line(text: str, longest: int) -> str:
    return _text(" ".join(text.split()), longest)


def _text(text: str, longest: int) -> str:
    found = text.strip()
    if len(found) > longest:
        raise Wrong(gettext("At most %(most)s characters.", most=longest))
    if any(unicodedata.category(char) == CONTROL and char not in "\r\n\t" for char in found):
        raise Wrong(gettext("There are characters in it that cannot be shown."))
    return found
