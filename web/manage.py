"""Businesses, users and tokens from the command line: `python -m web.manage business add NAME --number +1…`."""

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from conf import logs, settings
from db import businesses, startup, users
from db.engine import Database, connect
from db.words import Role
from web.auth import HASHER
from web.locale import LANGUAGES

STATEMENT_SECONDS = 10
SHORTEST_PASSWORD = 8
DESCRIPTION = {"forward_number", "greeting_message", "language", "spoken_languages", "vocabulary", "time_zone"}
LANGUAGE_CODE = re.compile("[a-z]{2,3}")


def main(arguments: list[str]) -> None:
    """Do it, and print the new id or token alone on the last line."""
    wanted = _parser().parse_args(arguments)
    config = settings.load()
    logs.configure("WARNING")
    startup.prepare_schema(config)
    url = settings.require_database_url(config)
    database = Database(connect(url, statement_seconds=STATEMENT_SECONDS, application="web.manage"))
    command: Callable[[Database, argparse.Namespace], str] = wanted.command
    sys.stdout.write(f"{command(database, wanted)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web.manage", description=__doc__)
    things = parser.add_subparsers(required=True)
    business = things.add_parser("business").add_subparsers(required=True)
    described = _describing()
    added = business.add_parser("add", parents=[described])
    added.add_argument("name")
    added.add_argument("--number", action="append", type=_number, default=[], required=True)
    added.set_defaults(command=_add_business)
    changed = business.add_parser("change", parents=[described], help="what is not given stays as it is")
    changed.add_argument("id", type=int)
    changed.set_defaults(command=_change_business)
    user = things.add_parser("user").add_subparsers(required=True).add_parser("add")
    user.add_argument("email")
    user.add_argument("--business", type=int)
    user.add_argument("--role", choices=[role.value for role in Role], required=True)
    user.add_argument("--password", type=_password, required=True)
    user.set_defaults(command=_add_user)
    token = things.add_parser("token").add_subparsers(required=True).add_parser("add")
    token.add_argument("email")
    token.add_argument("--name", required=True)
    token.set_defaults(command=_add_token)
    return parser


def _describing() -> argparse.ArgumentParser:
    """What a business is like, in arguments named like its columns; one that is not given is not there."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    business = parser.add_argument_group("the business")
    business.add_argument("--forward", dest="forward_number", type=_number, help="where its calls are put through to")
    business.add_argument(
        "--greeting", dest="greeting_message", help="what callers hear when there is nobody to put them through to"
    )
    business.add_argument("--language", choices=LANGUAGES, help="of its pages and greetings")
    business.add_argument(
        "--spoken", dest="spoken_languages", type=_languages, help="what may be spoken on its calls, e.g. he,en"
    )
    business.add_argument(
        "--term", dest="vocabulary", action="append", help="a name as its transcripts are to write it; once for each"
    )
    business.add_argument("--time-zone", dest="time_zone", type=_time_zone)
    return parser


def _described(wanted: argparse.Namespace) -> dict[str, Any]:
    return {column: value for column, value in vars(wanted).items() if column in DESCRIPTION}


def _add_business(database: Database, wanted: argparse.Namespace) -> str:
    with database.transaction() as session:
        return str(businesses.add(session, wanted.name, wanted.number, **_described(wanted)).id)


def _change_business(database: Database, wanted: argparse.Namespace) -> str:
    with database.transaction() as session:
        if not businesses.change(session, wanted.id, **_described(wanted)):
            sys.exit(f"{wanted.id}: there is no such business")
        return str(wanted.id)


def _add_user(database: Database, wanted: argparse.Namespace) -> str:
    role = Role(wanted.role)
    if wanted.business is None and role is not Role.OPERATOR:
        sys.exit("--business: needed for everybody but an operator")
    with database.transaction() as session:
        if users.by_email(session, wanted.email):
            sys.exit(f"{wanted.email}: there is such a user already")
        if wanted.business is not None and not businesses.exists(session, wanted.business):
            sys.exit(f"--business: there is no business {wanted.business}")
        password_hash = HASHER.hash(wanted.password)
        added = users.add(
            session, email=wanted.email, password_hash=password_hash, role=role, business_id=wanted.business
        )
        return str(added.id)


def _add_token(database: Database, wanted: argparse.Namespace) -> str:
    with database.transaction() as session:
        user = users.by_email(session, wanted.email)
        if user is None:
            sys.exit(f"{wanted.email}: there is no such user")
        return users.add_token(session, user, wanted.name)


def _number(text: str) -> str:
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise argparse.ArgumentTypeError(f"{text}: write the number with its country, e.g. +14155550100")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _languages(text: str) -> list[str]:
    codes = [code.strip().lower() for code in text.split(",")]
    if not all(LANGUAGE_CODE.fullmatch(code) for code in codes):
        raise argparse.ArgumentTypeError(f"{text}: write codes of two letters with commas between them, e.g. he,en")
    return codes


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text}: no such time zone; e.g. Asia/Jerusalem") from error


def _password(text: str) -> str:
    if len(text) < SHORTEST_PASSWORD:
        raise argparse.ArgumentTypeError(f"at least {SHORTEST_PASSWORD} characters")
    return text


if __name__ == "__main__":
    main(sys.argv[1:])
