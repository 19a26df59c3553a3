"""A browser without scripts: reads pages, and sends their forms."""

import re
from collections.abc import Mapping

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.people import PASSWORD, Person

NEW_EACH_TIME = re.compile(rb'name="(csrf_token|key)" value="[^"]*"')
FIELD = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')

TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')


def fields_of(text: str) -> dict[str, str]:
    """What the inputs of a page, or of a part of it, hold."""
    return dict(FIELD.findall(text))


def without_what_is_new_each_time(data: bytes) -> bytes:
    """A page without the tokens of its forms, to be compared with another."""
    return NEW_EACH_TIME.sub(b"", data)


def csrf_token(client: FlaskClient, path: str = "/login") -> str:
    """The token that a page gives to its forms."""
    return fields_of(client.get(path).text)["csrf_token"]


def sign_in(client: FlaskClient, person: Person) -> None:
    form = {"email": person.email, "password": PASSWORD, "csrf_token": csrf_token(client)}
    assert client.post("/login", data=form).status_code == 302


def send(client: FlaskClient, path: str, fields: Mapping[str, str | list[str]]) -> TestResponse:
    """Send a form to that path, with the token a page of ours has given."""
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def said(answer: TestResponse, asked_for: object) -> tuple[int, str]:
    """Status and page, but for the form's own token and for what was asked for, which a page may repeat."""
    return answer.status_code, TOKEN.sub("", answer.text).replace(str(asked_for), "…")
