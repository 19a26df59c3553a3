"""Calls deleted."""

from flask import Response, jsonify

from db.words import Role
from web.api.blueprint import api
from web.api.models import CallPath, DeletedCall
from web.auth import needs
from web.deletion import request_deletion


@api.delete("/calls/<call_sid>", responses={202: DeletedCall})
@needs(Role.MANAGER)
def delete_call(path: CallPath) -> Response:
    """Have a call gone from every list at once; its audio and its texts are erased soon after."""
    deletion = request_deletion(path.call_sid)
    at = deletion.deleted_at.replace(microsecond=0)
    told = DeletedCall(call_sid=deletion.call_sid, deleted_at=at, message=deletion.message)
    response = jsonify(told.model_dump(mode="json"))
    response.status_code = 202
    return response
