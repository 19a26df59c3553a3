"""What people and programs are told when something does not work: never a path, a statement or a secret."""

import logging

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from redis import RedisError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable, Unauthorized

from db.engine import OUTAGES
from web.webhooks import answer_without_database

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "2"

SAID_BY_VIEWS = {403, 409}


def init_app(app: Flask) -> None:
    """Answer every error in the shape its reader expects."""
    app.register_error_handler(HTTPException, _told)
    for outage in OUTAGES:
        app.register_error_handler(outage, _without_database)
    app.register_error_handler(RedisError, _without_redis)


def _told(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, InternalServerError):
        log.error("%s %s failed", request.method, request.url_rule, exc_info=error.original_exception)
    if error.response is not None:
        return error.response
    if isinstance(error, Unauthorized) and not _is_for_programs():
        return redirect(url_for("pages.sign_in", next=request.path))
    return _answer(error)


def _without_database(error: Exception) -> ResponseReturnValue:
    _note("PostgreSQL", error)
    if request.blueprint == "webhooks":
        return answer_without_database()
    return _ask_again("The database does not answer. Try again in a moment.")


def _without_redis(error: Exception) -> ResponseReturnValue:
    """Only the operators' page of queues can not do without it."""
    _note("Redis", error)
    return _ask_again("Redis does not answer. Try again in a moment.")


def _note(server: str, error: Exception) -> None:
    log.warning("%s %s: %s does not answer (%s)", request.method, request.url_rule, server, type(error).__name__)


def _ask_again(message: str) -> Response:
    answer = _answer(ServiceUnavailable(message))
    answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


def _answer(error: HTTPException) -> Response:
    if _is_for_programs():
        response = jsonify(error={"code": error.name.lower().replace(" ", "_"), "message": error.description})
    else:
        response = Response(render_template("error.html", error=error, told=_own_words(error)), mimetype="text/html")
    response.status_code = error.code or 500
    return response


def _own_words(error: HTTPException) -> str | None:
    """What a view said of its refusal, in the reader's language; the other words are for programs."""
    is_said = error.code in SAID_BY_VIEWS and error.description != type(error).description
    return error.description if is_said else None


def _is_for_programs() -> bool:
    return request.path.startswith(("/api/", "/webhook/", "/healthz", "/readyz", "/metrics"))
