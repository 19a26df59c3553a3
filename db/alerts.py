"""What is wrong, since when, and who has been told: each alert is told once, and once that it is over.

`heard_by` holds who knows that something is wrong. While it is, whoever is not in it is told and added; afterwards,
whoever is in it is told and removed. So it does not matter who of several tellers writes first. Who is killed between
telling and writing leaves a lease behind, and when that is over it is told again: at least once, never not at all.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, ColumnElement, Text, and_, case, cast, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.engine import Database
from db.models import Alert
from db.tasks import seconds

TELLING_SECONDS = 60
"""Longer than anybody takes to tell one alert to everybody."""

IS_WRONG = Alert.cleared_at.is_(None)
IS_DUE = Alert.due_at <= func.clock_timestamp()


@dataclass(frozen=True)
class Cause:
    """Something is wrong; nobody need be told unless it is still so in `patience` seconds."""

    name: str
    message: str
    subject: str = ""
    patience: float = 0


@dataclass(frozen=True)
class News:
    """What one listener is to be told."""

    listener: str
    name: str
    subject: str
    is_over: bool
    message: str


def note(session: Session, name: str, causes: Iterable[Cause]) -> None:
    """These are all the causes that an alert has now; those it had before are over."""
    there = list(causes)
    for cause in there:
        _raise(session, cause)
    others = Alert.subject.not_in([cause.subject for cause in there])
    session.execute(update(Alert).where(Alert.name == name, IS_WRONG, others).values(cleared_at=func.clock_timestamp()))


def _raise(session: Session, cause: Cause) -> None:
    """Its message is that of the moment at which it is told."""
    now = func.clock_timestamp()
    due = now + seconds(cause.patience)
    row = insert(Alert).values(name=cause.name, subject=cause.subject, message=cause.message, due_at=due)
    begins = Alert.cleared_at.is_not(None)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["name", "subject"],
            set_={
                "message": case((Alert.heard_by == cast([], ARRAY(Text)), row.excluded.message), else_=Alert.message),
                "since": case((begins, now), else_=Alert.since),
                "due_at": case((begins, row.excluded.due_at), else_=Alert.due_at),
                "told_at": case((begins, None), else_=Alert.told_at),
                "cleared_at": None,
            },
        )
    )


def firing(session: Session) -> Sequence[Alert]:
    """What is wrong now, and has been for longer than its patience."""
    wanted = select(Alert).where(IS_WRONG, IS_DUE).order_by(Alert.name, Alert.subject)
    return session.scalars(wanted).all()


def untold(database: Database, listeners: Collection[str]) -> Iterator[News]:
    """What some of the listeners have not heard; each alert is held meanwhile, so that nobody else tells it too."""
    seen: list[tuple[str, str]] = []
    while True:
        with database.transaction() as session:
            held = _hold(session, listeners, seen)
        if held is None:
            return
        seen.append((held.name, held.subject))
        yield from _news(held, listeners)
        with database.transaction() as session:
            session.execute(update(Alert).where(_is(held)).values(telling_until=None))


def told(database: Database, news: News) -> None:
    """The listener has taken it."""
    change = func.array_remove if news.is_over else func.array_append
    rest = func.array_remove(Alert.heard_by, news.listener)
    now = func.clock_timestamp()
    with database.transaction() as session:
        heard = change(rest, news.listener)
        session.execute(
            update(Alert).where(_is(news)).values(heard_by=heard, told_at=func.coalesce(Alert.told_at, now))
        )


def _hold(session: Session, listeners: Collection[str], seen: Sequence[tuple[str, str]]) -> Alert | None:
    now = func.clock_timestamp()
    everybody = cast(list(listeners), ARRAY(Text))
    is_news = or_(
        and_(IS_WRONG, IS_DUE, ~Alert.heard_by.op("@>", is_comparison=True)(everybody)),
        and_(~IS_WRONG, Alert.heard_by.op("&&", is_comparison=True)(everybody)),
    )
    is_free = or_(Alert.telling_until.is_(None), Alert.telling_until < now)
    wanted = select(Alert).where(is_news, is_free, tuple_(Alert.name, Alert.subject).not_in(seen))
    found = session.scalar(wanted.order_by(Alert.since).limit(1).with_for_update(skip_locked=True))
    if found is not None:
        session.execute(update(Alert).where(_is(found)).values(telling_until=now + seconds(TELLING_SECONDS)))
    return found


def _news(held: Alert, listeners: Collection[str]) -> Iterator[News]:
    is_over = held.cleared_at is not None
    for listener in listeners:
        if (listener in held.heard_by) == is_over:
            yield News(listener, held.name, held.subject, is_over, held.message)


def _is(alert: Alert | News) -> ColumnElement[bool]:
    return and_(Alert.name == alert.name, Alert.subject == alert.subject)
