"""Whose number it is: the names that a business has for those who call it.

They stand in `leads`, which old installations bring along in columns of their own: what is there is asked for, and a
table that can't be read this way holds no names.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, func, insert, literal, select, text, true, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.models import Lead
from db.texts import says

NAMES = ("first_name", "last_name")
NEEDED = {"tenant_id", "phone_e164", "first_name"}
LONGEST_NAME = 120

MOST_NAMED = 300
"""Numbers that one word of a search stands for, the latest first: whoever types two letters of a name goes on."""

COLUMNS = text(
    """SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('leads') AND attnum > 0 AND NOT attisdropped
    AND CASE WHEN attname = 'tenant_id' THEN atttypid IN ('int4'::regtype, 'int8'::regtype)
        WHEN attname IN ('phone_e164', 'first_name', 'last_name') THEN atttypid IN ('varchar'::regtype, 'text'::regtype)
        ELSE true END"""
)


Party = tuple[int | None, str | None]
"""Somebody's number, and the business that may know whose it is."""

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('leads'), :business)")
"""Old installations have no rule against a number that is there twice."""

NOW = func.timezone("utc", func.now())


class NotNamed(Exception):
    """The table of leads of this installation takes no names."""


def names(session: Session, business_id: int, numbers: Iterable[str]) -> dict[str, str]:
    """What the business calls the people with these E.164 numbers; the unknown are left out."""
    known = names_of(session, [(business_id, number) for number in numbers])
    return {number: name for (_, number), name in known.items() if number}


def names_of(session: Session, parties: Iterable[Party]) -> dict[Party, str]:
    """The same for several businesses at once, by business and number."""
    wanted = {party for party in parties if all(party)}
    full_name = _full_name(session) if wanted else None
    if full_name is None:
        return {}
    rows = session.execute(
        select(Lead.tenant_id, Lead.phone_e164, full_name)
        .where(Lead.phone_e164.in_({number for _, number in wanted}))
        .where(Lead.tenant_id.in_({business for business, _ in wanted}))
        .order_by(Lead.id)
    )
    known: dict[Party, str] = {(row[0], row[1]): " ".join(row[2].split()) for row in rows if says(row[2])}
    return {party: name for party, name in known.items() if party in wanted}


def parties_named(session: Session, business_id: int | None, word: str, *, whole: bool) -> Sequence[tuple[int, str]]:
    """Business and number of those with a name in which a word begins so, or is so; of any business for None."""
    full_name = _full_name(session)
    if full_name is None:
        return []
    pattern = "% " + word.lower().replace("\\", "").replace("%", "").replace("_", "") + (" %" if whole else "%")
    spaced = literal(" ") + func.translate(func.lower(full_name), "-.,", "   ") + literal(" ")
    rows = session.execute(
        select(Lead.tenant_id, Lead.phone_e164)
        .where(spaced.like(pattern), Lead.phone_e164 != "")
        .where(true() if business_id is None else Lead.tenant_id == business_id)
        .order_by(Lead.id.desc())
        .limit(MOST_NAMED)
    )
    return [(business, number) for business, number in rows if number]


def name_caller(session: Session, business_id: int, number: str, name: str) -> None:
    """From now on the number is shown under this name; a blank one takes the name away."""
    there = _columns(session)
    if not there >= NEEDED:
        raise NotNamed
    session.execute(ONE_AT_A_TIME, {"business": business_id})
    written = _written(there, " ".join(name.split())[:LONGEST_NAME])
    own = and_(Lead.tenant_id == business_id, Lead.phone_e164 == number)
    changed = session.execute(update(Lead).where(own).values(written).returning(Lead.id)).all()
    if not changed and says(name):
        dated = {"created_at": NOW} if "created_at" in there else {}
        session.execute(insert(Lead).values(tenant_id=business_id, phone_e164=number, **written, **dated))


def _written(there: set[str], name: str) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    written: dict[str, Any] = {"first_name": first or None, "last_name": last or None}
    if "last_name" not in there:
        written = {"first_name": name or None}
    return written | ({"updated_at": NOW} if "updated_at" in there else {})


def _columns(session: Session) -> set[str]:
    return set(session.scalars(COLUMNS))


def _full_name(session: Session) -> ColumnElement[str] | None:
    """The name as far as the table has it; None where it holds no names by number."""
    there = _columns(session)
    if not there >= NEEDED:
        return None
    parts: dict[str, InstrumentedAttribute[str | None]] = {"first_name": Lead.first_name, "last_name": Lead.last_name}
    return func.concat_ws(" ", *(parts[name] for name in NAMES if name in there), type_=String)
