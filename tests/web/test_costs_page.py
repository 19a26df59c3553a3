"""The costs page: dear calls by week, why they are, and what to do about it; each business sees its own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from psycopg2 import connect
from sqlalchemy import text

from db import clock, dear
from db.costs import Sign
from db.engine import Database
from db.models import CallLog
from db.words import Role
from tests.conftest import execute
from tests.support.calls import sid
from tests.support.people import People, make_person
from tests.support.twilio import CALL_SID, Twilio
from tests.web import rows, sample_days
from tests.web import sample_calls as sample
from tests.web.test_costs import (
    SIGNS,
    a_lost_webhook,
    by_call_and_by_rest,
    end,
    notice,
    stream,
    three_retries,
    two_recordings,
    two_streams,
)
from tests.web.test_many_calls import is_found_by
from tests.web.test_pages import reading_as
from web import costs
from web.weeks import weeks_until

PAGE = "/dashboard/costs"
SIGN_OF = {
    two_streams: Sign.STREAMS,
    two_recordings: Sign.RECORDINGS,
    a_lost_webhook: Sign.UNREACHABLE,
    three_retries: Sign.RETRIES,
    by_call_and_by_rest: Sign.RECORDED_TWICE,
}
MANY = text(
    """INSERT INTO call_log (business_id, call_sid, created_at, estimated_cost_bucket, recording_count)
    SELECT :business, 'CA' || lpad(to_hex(n), 32, '0'), timezone('utc', now()) - make_interval(mins => n),
        CASE WHEN n % 50 = 0 THEN 'MED' ELSE 'LOW' END, CASE WHEN n % 50 = 0 THEN 2 ELSE 1 END
    FROM generate_series(1, 20000) AS n"""
)
"""Two weeks of calls; one in fifty is dear."""

NOTHING = [0] * (3 + len(Sign))


def table(page: str) -> list[list[int]]:
    """The numbers of each week, the newest first: calls, medium, high, then each sign in its order."""
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return [
        [int(number) for number in re.findall(r"<td[^>]*><bdi>(\d+)</bdi>", row)] for row in body.split("</tr>")[:-1]
    ]


def advised(page: str) -> list[str]:
    """The signs that the page says something about, in its order."""
    return re.findall(r'<section class="card todo" aria-labelledby="(\w+)"', page)


def week_of(medium: int = 0, high: int = 0, calls: int = 1, *signs: Sign) -> list[int]:
    return [calls, medium, high, *(int(sign in signs) for sign in Sign)]


def comes_in(twilio: Twilio, people: People) -> None:
    """A call for Alice's business."""
    twilio.calls_in(people.alice.number)


@pytest.mark.parametrize("sign", SIGNS)
def test_what_the_phone_company_tells_shows_as_a_reason_with_what_to_do(
    sign: object, twilio: Twilio, client: FlaskClient, people: People
) -> None:
    comes_in(twilio, people)
    sign(twilio)  # type: ignore[operator]
    end(twilio)

    with reading_as(client, people.alice):
        page = client.get(PAGE).text

    assert table(page) == [week_of(1, 0, 1, SIGN_OF[sign]), *[NOTHING] * 7]  # type: ignore[index]
    assert advised(page) == [SIGN_OF[sign]]  # type: ignore[index]
    assert f'href="/calls/{CALL_SID}"' in page


def test_stream_debugger_and_doubled_callbacks_fill_the_columns_and_are_told(
    twilio: Twilio, client: FlaskClient, people: People, database: Database
) -> None:
    comes_in(twilio, people)
    for number in (1, 2):
        stream(twilio, "stream-started", number=number, at=f"2024-03-05T14:00:0{number}Z")
        stream(twilio, "stream-stopped", number=number, at=f"2024-03-05T14:00:1{number}Z")
    notice(twilio, "11205", number=1)
    three_retries(twilio)
    two_recordings(twilio)
    end(twilio)

    call = rows.call_of(database)
    assert (call.stream_connect_count, call.stream_duration_sec) == (2, 11)
    assert (call.stream_started_at, call.stream_ended_at) == (
        datetime(2024, 3, 5, 14, 0, 1, tzinfo=UTC),
        datetime(2024, 3, 5, 14, 0, 12, tzinfo=UTC),
    )
    assert (call.webhook_11205_count, call.webhook_retry_count, call.recording_count) == (1, 3, 2)
    assert (call.recording_mode, call.estimated_cost_bucket) == ("TWIML_RECORDING", "HIGH")
    with reading_as(client, people.alice):
        page = client.get(PAGE).text
    signs = (Sign.STREAMS, Sign.RECORDINGS, Sign.UNREACHABLE, Sign.RETRIES)
    assert table(page)[0] == week_of(0, 1, 1, *signs)
    assert set(advised(page)) == set(signs)


def test_calls_stand_in_their_weeks_and_cheap_ones_only_count(
    client: FlaskClient, people: People, database: Database
) -> None:
    now = datetime.now(UTC)
    for number, (weeks_ago, columns) in enumerate(
        [
            (0, {}),
            (1, {"estimated_cost_bucket": "MED", "webhook_11205_count": 2}),
            (1, {"parent_call_sid": sid(99), "estimated_cost_bucket": "MED", "webhook_11205_count": 2}),
            (7, {"estimated_cost_bucket": "HIGH", "recording_count": 2, "stream_connect_count": 3}),
            (8, {"estimated_cost_bucket": "MED", "recording_count": 2}),
        ]
    ):
        at = now - timedelta(weeks=weeks_ago)
        sample_days.add(database, people.alice.business_id, at, number + 1, **sample.DONE | columns)

    with reading_as(client, people.alice):
        weeks = table(client.get(PAGE).text)

    assert weeks[0] == week_of()
    assert weeks[1] == week_of(1, 0, 1, Sign.UNREACHABLE), "a leg is part of its call"
    assert weeks[7] == week_of(0, 1, 1, Sign.RECORDINGS, Sign.STREAMS)
    assert weeks[2:7] == [NOTHING] * 5


def test_bob_sees_none_of_alice_s_and_an_operator_chooses(
    client: FlaskClient, people: People, database: Database
) -> None:
    dear_call = {"estimated_cost_bucket": "MED", "recording_count": 2}
    theirs = rows.add_call(
        database, people.alice.business_id, 1, created_at=datetime.now(UTC), **sample.DONE | dear_call
    )

    with reading_as(client, people.bob):
        bobs = client.get(PAGE).text
        assert client.get(f"{PAGE}?business_id={people.alice.business_id}").status_code == 404
    with reading_as(client, people.operator):
        everybodys = client.get(PAGE).text
        of_bob = client.get(f"{PAGE}?business_id={people.bob.business_id}").text
        nowhere = client.get(f"{PAGE}?business_id=99999")

    assert table(bobs) == [NOTHING] * 8
    assert theirs not in bobs
    assert "Nothing was done twice" in bobs
    assert "<select" not in bobs
    assert table(everybodys)[0] == week_of(1, 0, 1, Sign.RECORDINGS)
    assert table(of_bob) == [NOTHING] * 8
    assert nowhere.status_code == 404


def test_agents_are_told_who_may_see_it_and_not_led_there(
    client: FlaskClient, people: People, database: Database
) -> None:
    agent = make_person(database, "agent@example.com", "+14155550104", Role.AGENT)
    rows.add_call(database, agent.business_id, 1, **sample.DONE)
    rows.add_call(database, people.alice.business_id, 2, **sample.DONE)

    with reading_as(client, agent):
        assert client.get(PAGE).status_code == 403
        assert PAGE not in client.get("/dashboard").text
    with reading_as(client, people.alice):
        assert f'href="{PAGE}"' in client.get("/dashboard").text


@pytest.mark.parametrize("query", ["business_id=x", "business_id=0", "business_id=9999999999"])
def test_what_cannot_be_shown_is_refused(query: str, client: FlaskClient, people: People) -> None:
    with reading_as(client, people.operator):
        assert client.get(f"{PAGE}?{query}").status_code == 400


@pytest.mark.slow  # as the dashboard's, which is tried every day
def test_more_calls_than_can_be_counted_are_no_dead_end(client: FlaskClient, people: People, database_url: str) -> None:
    with connect(database_url) as slow, reading_as(client, people.alice):
        slow.cursor().execute("LOCK TABLE recording")
        answer = client.get(PAGE)
        slow.rollback()

    assert answer.status_code == 503
    assert "try again in a moment" in answer.text


def test_of_many_dear_calls_the_reasons_are_counted_in_some(
    client: FlaskClient, people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "MOST_LOOKED_AT", 10)
    for number in range(1, 41):
        rows.add_call(
            database,
            people.alice.business_id,
            number,
            created_at=datetime.now(UTC),
            **sample.DONE | {"estimated_cost_bucket": "MED", "recording_count": 2},
        )

    with reading_as(client, people.alice):
        page = client.get(PAGE).text

    assert table(page)[0] == [40, 40, 0, *(40 if sign is Sign.RECORDINGS else 0 for sign in Sign)]
    assert "one such call of 4" in page


@pytest.mark.parametrize(
    ("language", "first", "last"), [("en", "2026-11-23", "2026-11-28"), ("he", "2026-11-22", "2026-11-28")]
)
def test_a_week_begins_as_the_reader_knows_it_and_this_one_is_not_over(language: str, first: str, last: str) -> None:
    saturday = datetime(2026, 11, 28, 21, 30, tzinfo=UTC)

    weeks = weeks_until(saturday, 8, "UTC", language)

    assert len(weeks) == 8
    assert (weeks[-1].first.isoformat(), weeks[-1].last.isoformat()) == (first, last)
    assert weeks[-1].span.until == saturday
    assert all((week.last - week.first).days == 6 for week in weeks[:-1])
    assert [week.span.until for week in weeks[:-1]] == [week.span.start for week in weeks[1:]]


def test_hebrew_has_the_same_page_from_right_to_left(client: FlaskClient, people: People) -> None:
    with reading_as(client, people.alice):
        page = client.get(f"{PAGE}?lang=he").text

    assert 'dir="rtl"' in page
    assert "עלויות לפי שבוע" in page


def test_dear_calls_are_found_by_an_index_among_many(
    database: Database, database_url: str, new_indexes: None, people: People
) -> None:
    with database.transaction() as session:
        session.execute(MANY, {"business": people.alice.business_id})
    execute(database_url, "VACUUM ANALYZE call_log")
    with database.transaction() as session:
        weeks = weeks_until(clock.now(session), 8, "UTC", "en")
        whose = CallLog.business_id == people.alice.business_id

        found = dear.signs_by_span(session, whose, [week.span for week in weeks])

        assert sum(one[Sign.RECORDINGS].calls for one in found if one) == 400
        assert is_found_by(session, "ix_call_log_dear")
