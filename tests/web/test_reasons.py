"""Whatever a provider or a job complains of can be told in the reader's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from db.models import CallLog
from db.words import Stage
from providers.errors import ProviderError
from web import reasons

ROOT = Path(__file__).resolve().parents[2]
TOLD_TO_OPERATORS = {"alerts.py"}
SOURCES = [
    path
    for folder in ("providers", "jobs")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name not in TOLD_TO_OPERATORS
]
SHORT_CUTS = {"bad_answer", "_translated"}
"""Functions that are given the sentence of an error."""

FILLED_IN = "7"


def names_of(error: type[ProviderError]) -> set[str]:
    return {error.__name__}.union(*map(names_of, error.__subclasses__()))


RAISED = SHORT_CUTS | names_of(ProviderError)


def sentences(source: str) -> Iterator[str]:
    """What is told to people in the errors that a module makes."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in RAISED:
            for argument in call.args:
                yield from filter(is_sentence, texts(argument))


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else FILLED_IN for part in node.values)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from texts(argument)


def is_sentence(text: str) -> bool:
    return text.endswith(".")


def complaints() -> list[str]:
    return sorted({sentence for path in SOURCES for sentence in sentences(path.read_text())})


def test_there_are_complaints_to_look_at() -> None:
    assert len(complaints()) > 20


def test_every_complaint_has_its_hebrew(app: Flask) -> None:
    with app.test_request_context("/?lang=he"):
        unknown = [sentence for sentence in complaints() if not is_hebrew(reasons.told(sentence))]

    assert unknown == [], "web/reasons.py does not know them"


def is_hebrew(text: str) -> bool:
    return any("א" <= letter <= "ת" for letter in text)


def test_what_is_filled_in_is_kept(app: Flask) -> None:
    sentence = "The file lasts 3 s, but the phone company announced 41 s."

    with app.test_request_context("/?lang=he"):
        told = reasons.told(sentence)
    with app.test_request_context("/?lang=en"):
        assert reasons.told(sentence) == sentence

    assert "3" in told and "41" in told
    assert "lasts" not in told


def test_a_complaint_that_nobody_has_translated_is_told_as_it_is(app: Flask) -> None:
    with app.test_request_context("/?lang=he"):
        assert reasons.told("Something of 1999 (100%).") == "Something of 1999 (100%)."


def test_an_error_names_its_stage_in_the_reader_s_language(app: Flask) -> None:
    call = CallLog(last_error="Summary failed: The summary server did not answer in time.")

    with app.test_request_context("/?lang=he"):
        assert reasons.last_error(call) == "סיכום: שרת הסיכומים לא ענה בזמן."
    with app.test_request_context("/?lang=en"):
        assert reasons.last_error(call) == "Summary: The summary server did not answer in time."
    assert reasons.last_of(call, Stage.DOWNLOAD) is None
