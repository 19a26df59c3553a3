"""The API's own description: OpenAPI 3.1 for programs, and a page for people."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import SecuritySchemesDict

from web.api import reference

INFO = Info(title="Second Zero", version="1", description="Every business call from its first second.")
SECURITY: SecuritySchemesDict = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
}

document = Blueprint("document", __name__, url_prefix="/api")


@document.get("/openapi.json")
def openapi() -> Response:
    """The document; open to everybody, since it holds nothing but shapes."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


@document.get("/docs")
def reference_page() -> str:
    """The same for people."""
    described = cast(OpenAPI, current_app).api_doc
    return render_template(
        "api_reference.html", operations=reference.operations(described), shapes=reference.shapes(described)
    )
