"""Nobody is locked out by two who change things at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy.orm import Session

from db import access, businesses, users
from db.access import Conflict, Refusal
from db.engine import Database
from db.models import User
from db.words import Role
from tests.support.locks import waiting

Change = Callable[[Session, User], None]


def demote(session: Session, user: User) -> None:
    access.change_role(session, user, Role.AGENT, by=None)


def make_inactive(session: Session, user: User) -> None:
    access.make_inactive(session, user, by=None)


def add(database: Database, role: Role) -> tuple[int, int]:
    """Two of that role, who are all there are."""
    with database.transaction() as session:
        business = businesses.add(session, "Rose Bakery", ["+14155550101"])
        made = [
            users.add(session, email=f"{name}@example.com", password_hash="", role=role, business_id=business.id)
            for name in ("one", "two")
        ]
        return made[0].id, made[1].id


@pytest.mark.parametrize(
    ("role", "refusal"), [(Role.MANAGER, Refusal.LAST_MANAGER), (Role.OPERATOR, Refusal.LAST_OPERATOR)]
)
@pytest.mark.parametrize("change", [demote, make_inactive])
def test_of_two_who_unmake_each_other_the_second_is_refused(
    change: Change, role: Role, refusal: Refusal, database: Database
) -> None:
    first, second = add(database, role)
    begun = Event()

    def unmake_the_second() -> None:
        with database.transaction() as session:
            user = session.get_one(User, second)
            begun.set()
            change(session, user)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            change(session, session.get_one(User, first))
            session.flush()
            late = pool.submit(unmake_the_second)
            begun.wait()
            while not (late.done() or waiting(database)):
                pass
        with pytest.raises(Conflict) as refused:
            late.result()

    assert refused.value.reason is refusal
    with database.transaction() as session:
        assert users.role_of(session.get_one(User, second)) is role


def test_whoever_is_inactive_already_can_be_demoted(database: Database) -> None:
    first, second = add(database, Role.MANAGER)
    with database.transaction() as session:
        make_inactive(session, session.get_one(User, first))
        demote(session, session.get_one(User, first))

    with database.transaction() as session, pytest.raises(Conflict):
        demote(session, session.get_one(User, second))
