"""The tables. call_log, business, users and leads keep the names and columns of existing installations."""

from db.models.base import AS_THEY_ARE, UTC_NOW, Base, UtcDateTime
from db.models.calls import COUNTED, FAILED, HAS_CALL_SID, IS_AN_ERROR, OTHER_PARTY, UNFINISHED, CallLog
from db.models.parts import CallEvent, CallSearch, Recording, Transcript
from db.models.people import ApiToken, Business, BusinessNumber, Lead, User
from db.models.upkeep import Alert, SweepRun, Tally
from db.models.work import FENCE, Deletion, PlacedCall, Task, WebhookDelivery

__all__ = [
    "AS_THEY_ARE",
    "COUNTED",
    "FAILED",
    "FENCE",
    "HAS_CALL_SID",
    "IS_AN_ERROR",
    "OTHER_PARTY",
    "UNFINISHED",
    "UTC_NOW",
    "Alert",
    "ApiToken",
    "Base",
    "Business",
    "BusinessNumber",
    "CallEvent",
    "CallLog",
    "CallSearch",
    "Deletion",
    "Lead",
    "PlacedCall",
    "Recording",
    "SweepRun",
    "Tally",
    "Task",
    "Transcript",
    "User",
    "UtcDateTime",
    "WebhookDelivery",
]
