"""The OpenAPI document as a page for people: what can be asked, what is answered, and the shapes of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
PROBLEM = "Problem"


@dataclass(frozen=True)
class Field:
    """A parameter, or one name of a shape."""

    name: str
    type: str
    about: str
    required: bool = False


@dataclass(frozen=True)
class Answer:
    """What may come back."""

    status: str
    about: str
    type: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str
    name: str
    summary: str
    about: str
    parameters: list[Field]
    body: str | None
    """The shape of the JSON that is sent."""
    answers: list[Answer]


@dataclass(frozen=True)
class Shape:
    """A JSON object, or a text that is one of a few words."""

    name: str
    about: str
    fields: list[Field]
    words: str | None


def operations(document: Schema) -> list[Operation]:
    """Everything that can be asked, in the document's order."""
    return [
        _operation(method.upper(), path, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]


def shapes(document: Schema) -> list[Shape]:
    """What is used by name."""
    schemas = document["components"]["schemas"].items()
    return [
        Shape(name, schema.get("description", ""), _fields(schema), type_of(schema) if "enum" in schema else None)
        for name, schema in sorted(schemas)
    ]


def _operation(method: str, path: str, told: Schema) -> Operation:
    body = told.get("requestBody")
    return Operation(
        method=method,
        path=path,
        name=told["operationId"],
        summary=told["summary"],
        about=told.get("description", ""),
        parameters=[_parameter(one) for one in told.get("parameters", [])],
        body=_content(body) if body else None,
        answers=_answers(told["responses"]),
    )


def _answers(told: Schema) -> list[Answer]:
    """What went wrong is always of one shape, so that one line says it."""
    all_of_them = [Answer(status, answer["description"], _content(answer)) for status, answer in sorted(told.items())]
    problems = [answer.status for answer in all_of_them if answer.type == PROBLEM]
    others = [answer for answer in all_of_them if answer.type != PROBLEM]
    return [*others, Answer(" ".join(problems), "what went wrong", PROBLEM)]


def _parameter(told: Schema) -> Field:
    return Field(told["name"], type_of(told["schema"]), told.get("description", ""), told.get("required", False))


def _content(told: Schema) -> str:
    """The type of a body; where it is no JSON, its media type."""
    types = [
        type_of(content["schema"]) if media == "application/json" else media
        for media, content in told.get("content", {}).items()
    ]
    return " or ".join(types)


def _fields(schema: Schema) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(name, type_of(told), told.get("description", ""), name in required)
        for name, told in schema.get("properties", {}).items()
    ]


def type_of(schema: Schema) -> str:
    """A schema in a few words: `integer or null`, `list of Turn`, `"a" | "b"`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(type_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f'"{word}"' for word in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return f"{schema.get('type', 'anything')}{_limits(schema)}"


def _limits(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    words = [f" from {least:g}" if least is not None else "", f" to {most:g}" if most is not None else ""]
    return f"{''.join(words)}{' (' + schema['format'] + ')' if 'format' in schema else ''}"
