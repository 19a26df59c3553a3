"""Calls: lists, one whole, and its stages done again."""

from flask import Response, jsonify
from sqlalchemy import ColumnElement

from db import retries
from db.words import Role
from web import finding, loader, present
from web.api.blueprint import api, problem
from web.api.models import CallList, CallPath, Language, ListQuery, Problem, RangeQuery, RetryBody, WholeCall
from web.auth import needs, reader
from web.cursor import Cursor, next_cursor
from web.house import house
from web.retry import STAGES, request_retry, told


@api.get("/calls", responses={200: CallList})
def list_calls(query: ListQuery) -> Response:
    """Recent calls, newest first. Reading starts nothing."""
    return _list(query)


@api.get("/calls/last7d", responses={200: CallList})
def list_calls_of_last_week(query: ListQuery) -> Response:
    """Calls of the last seven times 24 hours, newest first."""
    return _list(query, finding.last_week())


@api.get("/calls/range", responses={200: CallList})
def list_calls_of_days(query: RangeQuery) -> Response:
    """Calls of those days in the business's time zone, newest first."""
    return _list(query, finding.between(query.start, query.end, reader().time_zone))


def _list(query: ListQuery, *among: ColumnElement[bool]) -> Response:
    with house().database.transaction() as session:
        sought = finding.search_for(session, reader(), query.q)
        found = loader.recent_calls(
            session,
            reader(),
            limit=query.limit,
            after=Cursor.read(query.cursor) if query.cursor else None,
            status=query.status,
            direction=query.direction,
            among=among,
            asked=sought.asked,
            stage_failed=query.stage_failed,
        )
        shown = present.present_list(session, found, house().settings.business_slots)
    return jsonify(calls=shown, next_cursor=next_cursor(found, query.limit))


@api.get("/calls/<call_sid>", responses={200: WholeCall})
def show_call(path: CallPath, query: Language) -> Response:
    """One call, with transcript and timeline."""
    return whole(path.call_sid)


@api.post("/calls/<call_sid>/retry", responses={202: WholeCall, 409: Problem})
@needs(Role.MANAGER)
def retry_stage(path: CallPath, body: RetryBody) -> Response:
    """Have a stage done again; the call as it stands then."""
    try:
        request_retry(path.call_sid, STAGES[body.stage], force=body.force)
    except retries.Conflict as conflict:
        return problem(409, conflict.reason, told(conflict.reason))
    response = whole(path.call_sid)
    response.status_code = 202
    return response


def whole(call_sid: str) -> Response:
    """One call as the API shows it."""
    with house().database.transaction() as session:
        call = loader.load_call(session, reader(), call_sid)
        return jsonify(present.present_call(session, call, house().settings.business_slots))
