"""The API does what its OpenAPI document says, whatever it is asked."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from db.words import CALL_STATUS_ORDER
from tests.simulator.simulated_company import Company
from tests.support.people import People
from tests.web import rows
from tests.web import sample_calls as sample
from tests.web.phone import app_of
from web.api import api, models
from web.api.reference import type_of
from web.house import House
from web.retry import STAGES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


EXAMPLES = 10
OPERATIONS = [
    (method, path)
    for path, item in api.paths.items()
    for method in ("get", "post", "delete")
    if getattr(item, method) is not None
]


@pytest.fixture
def described(house: House, company: Company, redis_url: str) -> Iterator[BaseSchema]:
    """The API, with a phone company that places its calls."""
    yield schemathesis.openapi.from_wsgi("/api/openapi.json", app_of(house, redis_url, url=company.url))
    for call in company.exchange.calls.values():
        call.over.set()


@pytest.fixture
def known(house: House, people: People) -> Iterator[str]:
    """A call of Alice's that has everything a call can have."""
    call_sid = rows.add_fetched_call(house, people.alice.business_id, summary=sample.SUMMARY)
    sample.change(house.database, call_sid, **sample.DONE)
    sample.add_transcript(house.database, call_sid)
    sample.add_story(house.database, call_sid)
    return call_sid


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(
    method: str, path: str, mode: GenerationMode, described: BaseSchema, known: str, people: People
) -> None:
    """Asked with what the document allows, or with what it does not; of a call that is there, and of ones that are
    not."""

    @given(case=described[path][method].as_strategy(generation_mode=mode), is_known=booleans())
    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Case, is_known: bool) -> None:
        if is_known and "call_sid" in case.path_parameters:
            case.path_parameters["call_sid"] = known
        case.call_and_validate(headers=people.alice.headers, checks=CHECKS)

    ask()


def test_the_document_is_openapi_3_1_and_open_to_everybody(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")

    assert answer.get_json()["openapi"].startswith("3.1")
    assert answer.get_json()["components"]["securitySchemes"].keys() == {"token", "session"}


def test_the_document_knows_every_word_of_the_tables() -> None:
    assert set(get_args(models.CallStatus)) == set(CALL_STATUS_ORDER)
    assert set(get_args(models.RetriedStage)) == set(STAGES)


def test_every_route_says_what_it_does_and_what_it_answers_to_nonsense_and_to_strangers(client: FlaskClient) -> None:
    paths = client.get("/api/openapi.json").get_json()["paths"]

    for path, method in ((path, told) for path, methods in paths.items() for told in methods.values()):
        assert method["summary"], path
        for status in ("400", "401"):
            problem = method["responses"][status]["content"]["application/json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}, path


def test_the_page_for_people_names_every_route_and_every_shape(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()

    page = client.get("/api/docs").text

    for name in (*document["paths"], *document["components"]["schemas"]):
        assert f"<code>{name}</code>" in page


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 100}, "integer from 1 to 100"),
        ({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "string (date-time) or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Turn"}}, "list of Turn"),
        ({"enum": ["inbound", "outbound"], "type": "string"}, '"inbound" | "outbound"'),
        ({}, "anything"),
    ],
)
def test_a_type_is_told_in_a_few_words(schema: dict[str, Any], words: str) -> None:
    assert type_of(schema) == words
