"""What a reader may set up: an operator everything, a manager the own business and its people but for operators.

Whatever is out of reach is 404, as if it did not exist.
"""

from collections.abc import Sequence
from typing import NoReturn

from flask import abort
from sqlalchemy.orm import Session

from db import access, users
from db.models import Business, User
from db.words import Role
from web.auth import Reader
from web.cursor import GREATEST_ID


def load_business(session: Session, reader: Reader, business_id: int) -> Business:
    """The business, if the reader may set it up."""
    if not (reader.is_operator or reader.business_id == business_id) or not _can_be(business_id):
        _nothing_here()
    return session.get(Business, business_id) or _nothing_here()


def load_user(session: Session, reader: Reader, user_id: int) -> User:
    """The user, if the reader may say what they may do."""
    user = session.get(User, user_id) if _can_be(user_id) else None
    if user is None or not _reaches(reader, user):
        _nothing_here()
    return user


def people_of(session: Session, reader: Reader, business_id: int | None) -> Sequence[User]:
    """Those of a business within reach; None means those who are of no business, who are an operator's."""
    require_people_of(session, reader, business_id)
    return [user for user in access.of_business(session, business_id) if _reaches(reader, user)]


def require_people_of(session: Session, reader: Reader, business_id: int | None) -> None:
    """404 unless the reader may say who belongs there."""
    if business_id is not None or not reader.is_operator:
        load_business(session, reader, business_id or 0)


def roles_to_give(reader: Reader) -> list[Role]:
    """Nobody gives a role above the own one."""
    return [role for role in Role if reader.may_act_as(role)]


def _reaches(reader: Reader, user: User) -> bool:
    if reader.is_operator:
        return True
    return user.business_id == reader.business_id is not None and users.role_of(user) is not Role.OPERATOR


def _can_be(identifier: int) -> bool:
    return 0 < identifier <= GREATEST_ID


def _nothing_here() -> NoReturn:
    abort(404)
