"""Businesses, users and tokens from the command line: `python -m web.manage business add NAME --number +1…`."""

import argparse
import sys
from collections.abc import Callable
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
    business = things.add_parser("business").add_subparsers(required=True).add_parser("add")
    business.add_argument("name")
    business.add_argument("--number", action="append", type=_number, default=[], required=True)
    business.add_argument("--forward", type=_number, help="where its calls are put through to")
    business.add_argument("--greeting", help="what callers hear when there is nobody to put them through to")
    business.add_argument("--language", choices=LANGUAGES)
    business.add_argument("--time-zone", type=_time_zone, default="UTC")
    business.set_defaults(command=_add_business)
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


def _add_business(database: Database, wanted: argparse.Namespace) -> str:
    with database.transaction() as session:
        added = businesses.add(
            session,
            wanted.name,
            wanted.number,
            forward_number=wanted.forward,
            greeting_message=wanted.greeting,
            language=wanted.language,
            time_zone=wanted.time_zone,
        )
        return str(added.id)


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
