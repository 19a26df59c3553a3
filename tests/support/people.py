"""Alice and Bob, who must never learn of each other's calls."""

from dataclasses import dataclass

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from db import businesses, users
from db.engine import Database
from db.words import Role

PASSWORD = "correct horse battery staple"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
"""Far cheaper than a real one: tests sign in all the time."""


@dataclass(frozen=True)
class Person:
    """A manager of a business that is called at `number`."""

    email: str
    business_id: int
    number: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class People:
    alice: Person
    bob: Person
    operator: Person


def make_people(database: Database) -> People:
    with database.transaction() as session:
        return People(
            _add(session, "alice@example.com", "+14155550101", Role.MANAGER),
            _add(session, "bob@example.com", "+14155550102", Role.MANAGER),
            _add(session, "operator@example.com", "+14155550103", Role.OPERATOR),
        )


def make_person(database: Database, email: str, number: str, role: Role) -> Person:
    with database.transaction() as session:
        return _add(session, email, number, role)


def _add(session: Session, email: str, number: str, role: Role) -> Person:
    business = businesses.add(session, f"{email}'s business", [number], forward_number="+14155550199")
    user = users.add(session, email=email, password_hash=PASSWORD_HASH, role=role, business_id=business.id)
    return Person(email, business.id, number, users.add_token(session, user, "tests"))
