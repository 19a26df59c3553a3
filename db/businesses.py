"""Which business a call belongs to."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Business, BusinessNumber


def owner_of(session: Session, number: str | None) -> Business | None:
    """The one active business that claims the number; a number that two claim belongs to neither."""
    claimed = session.scalars(
        select(Business)
        .join(BusinessNumber, BusinessNumber.business_id == Business.id)
        .where(BusinessNumber.number == number, Business.is_active.is_not(False))
        .limit(2)
    ).all()
    return claimed[0] if len(claimed) == 1 else None


def caller_number(session: Session, business_id: int) -> str | None:
    """The number it calls from: its first one, or another that nobody else claims."""
    numbers = session.scalars(
        select(BusinessNumber.number)
        .join(Business, Business.id == BusinessNumber.business_id)
        .where(BusinessNumber.business_id == business_id)
        .order_by((BusinessNumber.number == Business.phone_number).desc().nulls_last(), BusinessNumber.number)
    ).all()
    return next((number for number in numbers if owner_of(session, number)), None)


def add(session: Session, name: str, numbers: list[str], **fields: Any) -> Business:
    """A new business, called at these numbers."""
    business = Business(name=name, phone_number=numbers[0] if numbers else None, **fields)
    session.add(business)
    session.flush()
    session.add_all(BusinessNumber(business_id=business.id, number=number) for number in numbers)
    return business


def change(session: Session, business_id: int, **fields: Any) -> bool:
    """Write these columns; False where there is no such business."""
    business = session.get(Business, business_id)
    if business is None:
        return False
    for column, value in fields.items():
        setattr(business, column, value)
    return True


def exists(session: Session, business_id: int) -> bool:
    """Whether there is a business with that id."""
    return session.get(Business, business_id) is not None
