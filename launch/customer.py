"""The demo's business and its user, as `python -m web.manage` would make them."""

import secrets
from dataclasses import dataclass

from db import businesses, users
from db.engine import Database
from db.words import Role
from web.auth import HASHER

NAME = "Green Valley Furniture"
NUMBER = "+14155550100"
FORWARD_NUMBER = "+14155550199"
EMAIL = "demo@example.com"
TIME_ZONE = "America/Los_Angeles"
PASSWORD_BYTES = 9


@dataclass(frozen=True)
class Customer:
    """Who may look at the demo's calls; the password and the token are new at every start."""

    number: str
    email: str
    password: str
    token: str


def make_customer(database: Database) -> Customer:
    """Make the business if it is not there, and give its user a new password and a new token."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    with database.transaction() as session:
        owner = businesses.owner_of(session, NUMBER) or businesses.add(
            session, NAME, [NUMBER], forward_number=FORWARD_NUMBER, time_zone=TIME_ZONE
        )
        user = users.by_email(session, EMAIL)
        if user is None:
            user = users.add(session, email=EMAIL, password_hash="", role=Role.OPERATOR, business_id=owner.id)
        user.password_hash = HASHER.hash(password)
        return Customer(NUMBER, EMAIL, password, users.add_token(session, user, "demo"))
