"""Days are those of the business: they begin at its midnight, and some have 23 hours or 25."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from db.engine import Database
from db.models import Business
from tests.support.people import People
from tests.web import sample_calls as sample
from tests.web import sample_days
from tests.web.test_api_stats import stats
from web.days import Days

JERUSALEM = "Asia/Jerusalem"


def set_zone(database: Database, business_id: int, zone: str) -> None:
    with database.transaction() as session:
        session.execute(update(Business).where(Business.id == business_id).values(time_zone=zone))


@pytest.mark.parametrize(("zone", "later"), [("UTC", 0), (JERUSALEM, 1), ("America/New_York", 0), ("no such zone", 0)])
def test_half_past_eleven_in_utc_is_the_next_day_in_jerusalem(
    zone: str, later: int, client: FlaskClient, people: People, database: Database
) -> None:
    set_zone(database, people.alice.business_id, zone)
    day = datetime.now(UTC).date() - timedelta(days=3)
    at = datetime.combine(day, datetime.min.time(), UTC).replace(hour=23, minute=30)
    sid = sample_days.add(database, people.alice.business_id, at, **sample.DONE)
    sample_days.add_life(database, sid, downloaded=5, transcribed=20)

    answer = stats(client, people.alice)

    known = (day + timedelta(days=later)).isoformat()
    assert [one["date"] for one in answer["per_day"] if one["done"]] == [known]
    assert [one["date"] for one in answer["per_day"] if one["hangup_to_text"]["calls"]] == [known]


def test_an_operator_who_looks_at_one_business_sees_its_days(
    client: FlaskClient, people: People, database: Database
) -> None:
    set_zone(database, people.alice.business_id, JERUSALEM)

    assert stats(client, people.operator)["time_zone"] == "UTC"
    assert stats(client, people.operator, business_id=people.alice.business_id)["time_zone"] == JERUSALEM


@pytest.mark.parametrize(
    ("now", "day", "hours"),
    [
        (datetime(2025, 10, 28, 9, tzinfo=UTC), date(2025, 10, 26), 25),
        (datetime(2025, 3, 30, 9, tzinfo=UTC), date(2025, 3, 28), 23),
        (datetime(2025, 6, 5, 9, tzinfo=UTC), date(2025, 6, 3), 24),
    ],
    ids=["clocks go back", "clocks go forward", "clocks stay"],
)
def test_a_day_is_as_long_as_it_is_where_the_business_is(now: datetime, day: date, hours: int) -> None:
    days = Days.until(now, 7, JERUSALEM)

    span = days.spans[days.dates.index(day)]

    assert span.until - span.start == timedelta(hours=hours)
    assert span.start.hour in (21, 22)
    assert all(one.until == following.start for one, following in pairwise(days.spans))
    assert days.spans[-1].until == now


def test_today_is_where_the_business_is() -> None:
    late = datetime(2025, 6, 5, 22, 30, tzinfo=UTC)

    assert Days.until(late, 2, "UTC").dates == [date(2025, 6, 4), date(2025, 6, 5)]
    assert Days.until(late, 2, JERUSALEM).dates == [date(2025, 6, 5), date(2025, 6, 6)]


def test_the_time_to_compare_with_ends_at_the_same_hour_by_the_clock_on_the_wall() -> None:
    monday = datetime(2025, 10, 27, 13, tzinfo=UTC)  # 15:00; the clocks went back the day before

    before = Days.until(monday, 7, JERUSALEM).before

    assert before.start == datetime(2025, 10, 13, 21, tzinfo=UTC)
    assert before.until == datetime(2025, 10, 20, 12, tzinfo=UTC)


def test_half_a_day_is_compared_with_half_a_day(client: FlaskClient, people: People, database: Database) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    for number, ago in enumerate((timedelta(0), day, day - timedelta(minutes=1)), start=1):
        sample_days.add(database, people.alice.business_id, now - ago, number, **sample.DONE)

    answer = stats(client, people.alice, days=1)

    assert (answer["calls"]["total"], answer["before"]["total"]) == (1, 1)
