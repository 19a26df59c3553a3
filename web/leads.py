"""Somebody's calls, by number, as the API and the page show them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from db import leads as known
from db.models import Business, CallLog
from db.numbers import e164
from web import loader, phones
from web.auth import Reader


def phone_of(session: Session, who: Reader, written: str) -> str:
    """The number in E.164, however it is written where the reader's business is; 400 for what is none."""
    business = session.get(Business, who.business_id) if who.business_id else None
    number = e164(written, phones.country_of(business))
    if number is None:
        raise BadRequest("phone: not a phone number; write it with + and its country")
    return number


def name_of(session: Session, who: Reader, number: str) -> str | None:
    """What the reader's business calls them; operators of no business know nobody by name."""
    return known.names(session, who.business_id, [number]).get(number) if who.business_id else None


def with_legs(
    session: Session, who: Reader, found: Sequence[CallLog], shown: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The calls as they are shown, each with whom it was forwarded to."""
    legs = loader.legs_of(session, who, found)
    return [
        fields | {"legs": [_leg(leg) for leg in legs.get(call.call_sid or "", ())]}
        for call, fields in zip(found, shown, strict=True)
    ]


def _leg(leg: CallLog) -> dict[str, Any]:
    return {
        "call_sid": leg.call_sid,
        "from": leg.from_number,
        "to": leg.to_number,
        "call_status": leg.call_status,
        "duration": leg.duration,
    }
