"""Twilio's own OpenAPI document, against which every answer of the simulated REST API is checked."""

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from conf.settings import ROOT

DOCUMENT = ROOT / "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json"

formats = FormatChecker(formats=[])


@formats.checks("date-time-rfc-2822", raises=ValueError)
def _is_rfc2822(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value).tzinfo is not None


@cache
def _document() -> dict[str, Any]:
    assert DOCUMENT.exists(), f"{DOCUMENT} is missing: run npm install, which make setup does"
    return dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def check_answer(method: str, path: str, status_code: int, body: Any) -> None:
    """Raises jsonschema.ValidationError; members that Twilio does not document are refused too."""
    responses = _document()["paths"][_template(path)][method.lower()]["responses"]
    schema = _strict(responses[str(status_code)]["content"]["application/json"]["schema"])
    Draft202012Validator(schema, format_checker=formats).validate(body)


def _template(path: str) -> str:
    """The document's path that fits; its parameters are called differently from one path to the next."""
    for template in _document()["paths"]:
        pattern = re.sub(r"\\{\w+\\}", "[^/.]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return str(template)
    raise AssertionError(f"Twilio has no {path}")


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """As JSON schema: references resolved, `nullable` spelled out, nothing undocumented allowed."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        return _strict(_document()["components"]["schemas"][name])
    plain = {key: value for key, value in schema.items() if key not in ("nullable", "properties", "items")}
    if "properties" in schema:
        plain["properties"] = {name: _strict(member) for name, member in schema["properties"].items()}
        plain["required"] = list(schema["properties"])
        plain["additionalProperties"] = False
    if "items" in schema:
        plain["items"] = _strict(schema["items"])
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") else plain
