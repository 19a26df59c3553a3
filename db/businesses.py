"""The businesses and the numbers they are called at, which say whose a call is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from db.models import Business, BusinessNumber


def owner_of(session: Session, number: str | None) -> Business | None:
    """The one active business that claims the number; a number that two claim belongs to neither."""
    claimed = session.scalars(
        select(Business)
        .join(BusinessNumber, BusinessNumber.business_id == Business.id)
        .where(BusinessNumber.number == number, _is_active())
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


def listed(session: Session) -> Sequence[Business]:
    """All of them, the active ones first."""
    return session.scalars(select(Business).order_by(Business.is_active.is_(False), Business.name, Business.id)).all()


def numbers(session: Session) -> Mapping[int, Sequence[str]]:
    """The numbers each business claims, by its id."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in session.scalars(select(BusinessNumber).order_by(BusinessNumber.number)):
        found[row.business_id].append(row.number)
    return found


def numbers_of(session: Session, business_id: int) -> Sequence[str]:
    """The numbers a business claims."""
    mine = select(BusinessNumber.number).where(BusinessNumber.business_id == business_id)
    return session.scalars(mine.order_by(BusinessNumber.number)).all()


def add_number(session: Session, business_id: int, number: str) -> None:
    """From now on the business claims the number."""
    row = insert(BusinessNumber).values(business_id=business_id, number=number)
    session.execute(row.on_conflict_do_nothing())


def remove_number(session: Session, business_id: int, number: str) -> bool:
    """The business does not claim the number any more; False where it never did."""
    mine = (BusinessNumber.business_id == business_id) & (BusinessNumber.number == number)
    removed = session.scalar(delete(BusinessNumber).where(mine).returning(BusinessNumber.number))
    if removed and not numbers_of(session, business_id):
        change(session, business_id, phone_number=None)  # the next migration would adopt the old one again
    return removed is not None


def contested(session: Session) -> Mapping[str, Sequence[Business]]:
    """The numbers that more than one active business claims, and who they are."""
    claims = select(BusinessNumber.number).join(Business, Business.id == BusinessNumber.business_id)
    twice = claims.where(_is_active()).group_by(BusinessNumber.number).having(func.count() > 1)
    rows = session.execute(
        select(BusinessNumber.number, Business)
        .join(Business, Business.id == BusinessNumber.business_id)
        .where(BusinessNumber.number.in_(twice), _is_active())
        .order_by(BusinessNumber.number, Business.name)
    )
    found: defaultdict[str, list[Business]] = defaultdict(list)
    for number, business in rows:
        found[number].append(business)
    return found


def claimed_by_others(session: Session, business_id: int, wanted: Sequence[str]) -> set[str]:
    """Those of the numbers that another active business claims."""
    others = (
        select(BusinessNumber.number)
        .join(Business, Business.id == BusinessNumber.business_id)
        .where(BusinessNumber.number.in_(wanted), BusinessNumber.business_id != business_id, _is_active())
    )
    return set(session.scalars(others))


def settle_number(session: Session, number: str, business_id: int) -> bool:
    """The number is this business's alone; False where it does not claim it."""
    if number not in numbers_of(session, business_id):
        return False
    others = select(BusinessNumber.business_id).where(
        BusinessNumber.number == number, BusinessNumber.business_id != business_id
    )
    for other in session.scalars(others).all():
        remove_number(session, other, number)
    return True


def _is_active() -> ColumnElement[bool]:
    return Business.is_active.is_not(False)
