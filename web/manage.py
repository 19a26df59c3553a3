"""Businesses, users and tokens from the command line: `python -m web.manage business add NAME --number +1…`."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from conf import logs, settings
from db import startup
from db.engine import Database, connect
from db.words import Role
from web import commands, rules
from web.commands import Command
from web.locale import LANGUAGES

STATEMENT_SECONDS = 10


def main(arguments: list[str]) -> None:
    """Do it, and print the new id or token alone on the last line."""
    wanted = _parser().parse_args(arguments)
    config = settings.load()
    logs.configure("WARNING")
    startup.prepare_schema(config)
    url = settings.require_database_url(config)
    database = Database(connect(url, statement_seconds=STATEMENT_SECONDS, application="web.manage"))
    command: Command = wanted.command
    with database.transaction() as session:
        answer = command(session, wanted)
    sys.stdout.write(f"{answer}\n" if answer else "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web.manage", description=__doc__)
    things = parser.add_subparsers(required=True)
    _business(_group(things, "business"))
    _number(_group(things, "number"))
    _user(_group(things, "user"))
    _token(_group(things, "token"))
    return parser


def _group(things: Any, name: str) -> Any:
    return things.add_parser(name).add_subparsers(required=True)


def _verb(group: Any, name: str, command: Command, **options: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(name, description=command.__doc__, **options)
    parser.set_defaults(command=command)
    return parser


def _business(group: Any) -> None:
    added = _verb(group, "add", commands.add_business)
    added.add_argument("name", type=by(rules.name))
    added.add_argument("--number", action="append", type=by(rules.number), default=[], required=True)
    _describe(added)
    changed = _verb(group, "change", commands.change_business, help="what is not given stays as it is")
    changed.add_argument("id", type=int)
    changed.add_argument("--name", type=by(rules.name), default=argparse.SUPPRESS)
    _may_be_inactive(changed)
    _describe(changed)
    _verb(group, "list", commands.list_businesses)


def _describe(parser: argparse.ArgumentParser) -> None:
    """What a business is like, in arguments named like its columns; one that is not given is not there."""
    business = parser.add_argument_group("the business", argument_default=argparse.SUPPRESS)
    business.add_argument(
        "--forward", dest="forward_number", type=by(rules.number), help="where its calls are put through to"
    )
    business.add_argument(
        "--greeting",
        dest="greeting_message",
        type=by(rules.greeting),
        help="what callers hear when there is nobody to put them through to",
    )
    business.add_argument("--language", choices=LANGUAGES, help="of its pages and greetings")
    business.add_argument(
        "--spoken",
        dest="spoken_languages",
        type=by(rules.spoken_languages),
        help="what may be spoken on its calls, e.g. he,en",
    )
    terms = business.add_mutually_exclusive_group()
    terms.add_argument(
        "--term",
        dest="vocabulary",
        action="append",
        type=by(rules.term),
        help="a name as its transcripts are to write it; once for each",
    )
    terms.add_argument("--no-terms", dest="vocabulary", action="store_const", const=[])
    business.add_argument("--time-zone", dest="time_zone", type=by(rules.time_zone))


def _number(group: Any) -> None:
    for name, command in (("add", commands.add_number), ("remove", commands.remove_number)):
        parser = _verb(group, name, command)
        parser.add_argument("business", type=int)
        parser.add_argument("number", type=by(rules.number))


def _user(group: Any) -> None:
    roles = [role.value for role in Role]
    added = _verb(group, "add", commands.add_user)
    added.add_argument("email", type=by(rules.email))
    added.add_argument("--business", type=int)
    added.add_argument("--role", choices=roles, required=True)
    added.add_argument("--password", type=by(rules.password), required=True)
    changed = _verb(group, "change", commands.change_user, help="ends the user's sessions")
    changed.add_argument("email")
    changed.add_argument("--role", choices=roles)
    changed.add_argument("--password", type=by(rules.password))
    _may_be_inactive(changed)
    _verb(group, "list", commands.list_users).add_argument("--business", type=int)


def _token(group: Any) -> None:
    added = _verb(group, "add", commands.add_token)
    added.add_argument("email")
    added.add_argument("--name", type=by(rules.token_name), required=True)
    _verb(group, "list", commands.list_tokens).add_argument("email")
    _verb(group, "revoke", commands.revoke_token).add_argument("id", type=int)


def _may_be_inactive(parser: argparse.ArgumentParser) -> None:
    either = parser.add_mutually_exclusive_group()
    for name, is_active in (("--active", True), ("--inactive", False)):
        either.add_argument(name, dest="is_active", action="store_const", const=is_active, default=argparse.SUPPRESS)


def by(rule: Callable[[str], Any]) -> Callable[[str], Any]:
    """The rule, as argparse wants to hear of what is wrong."""

    def read(text: str) -> Any:
        try:
            return rule(text)
        except rules.Wrong as wrong:
            raise argparse.ArgumentTypeError(f"{text}: {wrong}") from wrong

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
