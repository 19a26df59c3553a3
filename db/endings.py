"""How calls have ended, as SQL: the dashboard counts and lists by it."""

from sqlalchemy import Boolean, and_, case, func, literal_column

from db.models import FAILED, CallLog
from db.words import NO_ERRORS, UNANSWERED_CALL_STATUSES, DownloadStatus, Ending, TextStatus

HAS_FAILED = literal_column(f"({' OR '.join(FAILED.values())})", Boolean)
"""In the words of the index."""

IS_DONE = and_(
    CallLog.recording_download_status == DownloadStatus.READY,
    CallLog.transcript_status == TextStatus.COMPLETED,
    CallLog.summary_status == TextStatus.COMPLETED,
)

ENDING = case(
    (HAS_FAILED, Ending.FAILED),
    (CallLog.call_status.in_(sorted(UNANSWERED_CALL_STATUSES)), Ending.MISSED),
    (func.coalesce(CallLog.outcome, "").in_(sorted(NO_ERRORS)), Ending.EMPTY),
    (IS_DONE, Ending.DONE),
    else_=Ending.WAITING,
)
"""Looked at in this order: what has failed is so, whatever else it is."""
