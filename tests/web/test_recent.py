"""The list of recent calls as it leaves the server: searched, narrowed, in pages, and its rows as they are now."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from db import leads, search
from db.engine import Database
from db.models import Business
from db.words import Stage
from tests.support.people import People, Person
from tests.web import sample_calls as sample
from tests.web.rows import call_of
from tests.web.test_pages import reading_as

ROW = re.compile(r'id="row-(CA\w+)"')
POLLED = re.compile(r'name="id" value="(\d+)"')


def make_findable(database: Database, *sids: str) -> None:
    with database.transaction() as session:
        search.write(session, [call_of(database, sid).id for sid in sids])


def rows_of(client: FlaskClient, person: Person, address: str = "/", **headers: str) -> list[str]:
    with reading_as(client, person):
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return ROW.findall(answer.text)


def page_of(client: FlaskClient, person: Person, address: str, **headers: str) -> str:
    with reading_as(client, person):
        return client.get(address, headers=headers).text


def older(text: str) -> str:
    found = re.search(r'<a class="button" href="([^"]+)" hx-get', text)
    assert found
    return found.group(1).replace("&amp;", "&")


def test_the_list_is_searched_and_shows_the_words_it_was_found_by_as_text(
    client: FlaskClient, database: Database, people: People
) -> None:
    said = "<b>Please</b> deliver the table by <i>Tuesday</i>"
    found = sample.add_call(
        database, people.alice.business_id, 1, **sample.DONE, summary="A table.", final_transcript=f"Customer: {said}"
    )
    other = sample.add_call(database, people.alice.business_id, 2, **sample.DONE, summary="Nothing")
    theirs = sample.add_call(database, people.bob.business_id, 3, **sample.DONE, summary="Tuesday")
    make_findable(database, found, other, theirs)

    page = page_of(client, people.alice, "/?q=tuesday+deliveries")
    assert ROW.findall(page) == []
    page = page_of(client, people.alice, "/?q=delivering+tues")

    assert ROW.findall(page) == [found]
    assert "<mark>deliver</mark> the table by &lt;i&gt;<mark>Tuesday</mark>&lt;/i&gt;" in page
    assert 'value="delivering tues"' in page
    assert said not in page


def test_hebrew_words_are_marked_whatever_stands_before_them(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, summary="מתי יגיע הַמִּשְׁלוֹחַ?")
    make_findable(database, sid)

    assert "<mark>הַמִּשְׁלוֹחַ</mark>?" in page_of(client, people.alice, "/?q=משלוח")


def test_what_is_in_the_middle_of_a_long_speech_is_shown_with_what_stands_around_it(
    client: FlaskClient, database: Database, people: People
) -> None:
    said = f"Customer: {'before ' * 100}needle {'after ' * 100}"
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE, final_transcript=said)
    make_findable(database, sid)

    shown = re.search(r"<bdi>(…before[^\n]*…)</bdi>", page_of(client, people.alice, "/?q=needle"))

    assert shown
    assert "before <mark>needle</mark> after" in shown.group(1)
    assert len(shown.group(1)) < 250


@pytest.mark.parametrize(
    ("show", "expected"), [("all", [1, 2, 3, 4, 5]), ("inbound", [1, 3, 4, 5]), ("outbound", [2]), ("missed", [3])]
)
def test_the_list_is_narrowed_to_a_kind_of_call(
    show: str, expected: list[int], client: FlaskClient, database: Database, people: People
) -> None:
    fill(database, people.alice)

    assert rows_of(client, people.alice, f"/?show={show}") == [sample.call_sid(number) for number in expected]


def fill(database: Database, person: Person) -> None:
    for number, fields in enumerate(
        (
            sample.DONE,
            sample.DONE | {"direction": "outbound"},
            sample.UNRECORDED,
            sample.NO_SUMMARY,
            sample.DONE | {"direction": None},
        ),
        start=1,
    ):
        sample.add_call(database, person.business_id, number, **fields)


def test_a_person_is_needed_where_something_failed_that_nobody_tries_again(
    client: FlaskClient, database: Database, people: People
) -> None:
    fill(database, people.alice)
    sample.add_call(database, people.alice.business_id, 6, **sample.GIVEN_UP)
    waits = sample.GIVEN_UP | {"recording_next_retry_at": datetime(2099, 1, 1, tzinfo=UTC), "outcome": None}
    waits |= {"transcript_status": "pending", "summary_status": "pending"}
    sample.add_call(database, people.alice.business_id, 7, **waits)

    assert rows_of(client, people.alice, "/?show=failed") == [sample.call_sid(4), sample.call_sid(6)]


def test_today_is_the_business_s_today(client: FlaskClient, database: Database, people: People) -> None:
    with database.transaction() as session:
        session.get_one(Business, people.alice.business_id).time_zone = "Pacific/Kiritimati"
    now = datetime.now(UTC)
    midnight = (now + timedelta(hours=14)).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=14)
    for number, at in enumerate((now, midnight - timedelta(seconds=1), now - timedelta(days=8)), start=1):
        sample.change(database, sample.add_call(database, people.alice.business_id, number), created_at=at)

    shown = {period: len(rows_of(client, people.alice, f"/?period={period}")) for period in ("today", "week", "all")}

    assert shown == {"today": 1, "week": 2, "all": 3}
    assert len(rows_of(client, people.alice, f"/?period=range&start=&end={now - timedelta(days=3):%Y-%m-%d}")) == 1


def test_a_list_without_calls_says_what_was_looked_for_and_how_to_find_more(
    client: FlaskClient, database: Database, people: People
) -> None:
    sample.add_call(database, people.alice.business_id, 1, **sample.DONE)

    narrow = page_of(client, people.alice, "/?q=%3Cb%3Ezebra&show=missed")
    wide = page_of(client, people.alice, "/?q=zebra")
    backwards = page_of(client, people.alice, "/?period=range&start=2025-02-01&end=2025-01-01")

    assert "No call was found" in narrow
    assert "&lt;b&gt;zebra</bdi>" in narrow
    assert 'href="/?q=%3Cb%3Ezebra">Search in all calls' in narrow
    assert 'href="/">Show all calls' in wide
    assert "The first day is after the last one" in backwards


def test_older_calls_are_reached_without_scripts_and_added_with_them(
    client: FlaskClient, database: Database, people: People
) -> None:
    numbers = range(1, 71)
    for number in numbers:
        sample.add_call(database, people.alice.business_id, number, **sample.DONE)
    first = page_of(client, people.alice, "/?show=inbound")
    address = older(first)

    second = page_of(client, people.alice, address)
    added = page_of(client, people.alice, address, **{"HX-Request": "true", "HX-Target": "older"})

    assert ROW.findall(first) + ROW.findall(second) == [sample.call_sid(number) for number in numbers]
    assert ROW.findall(added) == ROW.findall(second)
    assert 'href="/?show=inbound">Newest calls' in second
    assert "<html" not in added
    assert 'id="older"' not in added


def test_no_more_than_a_hundred_rows_of_a_page_are_kept_up_to_date(
    client: FlaskClient, database: Database, people: People
) -> None:
    for number in range(1, 171):
        sample.add_call(database, people.alice.business_id, number, **sample.DONE)
    text, polled, headers = page_of(client, people.alice, "/"), [], {"HX-Request": "true", "HX-Target": "older"}
    while True:
        polled += POLLED.findall(text)
        following = re.search(r'hx-get="(/\?cursor[^"]+)"', text)
        if not following:
            break
        text = page_of(client, people.alice, following.group(1).replace("&amp;", "&"), **headers)

    assert len(polled) == len(set(polled)) == 100
    address = "/rows?" + "&".join(f"id={call}" for call in range(1, 171))
    assert len(rows_of(client, people.alice, address)) == 100


def test_rows_that_are_gone_are_taken_away_and_another_business_s_are_no_rows(
    client: FlaskClient, database: Database, people: People
) -> None:
    mine = call_of(database, sample.add_call(database, people.alice.business_id, 1, **sample.DONE))
    theirs = call_of(database, sample.add_call(database, people.bob.business_id, 2, **sample.DONE))

    text = page_of(client, people.alice, f"/rows?id={mine.id}&id={theirs.id}&id=99999&id=junk&id=-1")

    assert ROW.findall(text) == [mine.call_sid]
    assert re.findall(r"delete:li:has\(&gt; \[name=id\]\[value='(\d+)'\]\)", text) == sorted([str(theirs.id), "99999"])
    assert str(theirs.from_number) not in text


def test_new_calls_come_with_the_rows_and_only_the_reader_s_own(
    client: FlaskClient, database: Database, people: People
) -> None:
    sample.add_call(database, people.alice.business_id, 5, **sample.ON_THE_LINE)
    sample.open_stage(database, sample.call_sid(5), Stage.RECORDING)
    page = page_of(client, people.alice, "/")
    newest = re.search(r'name="newest" value="([^"]+)"', page)
    assert newest
    came = [sample.add_call(database, people.alice.business_id, number, **sample.ON_THE_LINE) for number in (2, 3)]
    sample.add_call(database, people.bob.business_id, 1, **sample.ON_THE_LINE)

    text = page_of(client, people.alice, f"/rows?newest={newest.group(1)}")
    again = re.search(r'name="newest" value="([^"]+)"', text)

    assert ROW.findall(text) == came
    assert again
    assert rows_of(client, people.alice, f"/rows?newest={again.group(1)}") == []
    assert 'name="newest"' not in page_of(client, people.alice, "/?show=inbound")


@pytest.mark.parametrize(
    "query",
    ["q=a%00b", f"q={'x' * 1000}", "period=ever", "show=me", "cursor=junk", "start=2025-02-30", "listed=-1", "end=x"],
)
def test_an_address_that_makes_no_sense_is_no_page(query: str, client: FlaskClient, people: People) -> None:
    with reading_as(client, people.alice):
        assert client.get(f"/?{query}").status_code == 400


def test_a_name_is_shown_with_the_number_and_never_as_markup(
    client: FlaskClient, database: Database, people: People
) -> None:
    sid = sample.add_call(database, people.alice.business_id, 1, **sample.DONE)
    with database.transaction() as session:
        leads.name_caller(session, people.alice.business_id, "+14155550001", "<i>Dana</i> לוי")

    for address in ("/", f"/calls/{sid}"):
        page = page_of(client, people.alice, address)
        assert "&lt;i&gt;Dana&lt;/i&gt; לוי" in page
        assert "<i>Dana" not in page


def test_a_search_by_htmx_keeps_the_address_in_step(client: FlaskClient, people: People) -> None:
    def steps(address: str, before: str) -> tuple[str | None, str | None]:
        headers = {"HX-Request": "true", "HX-Target": "list", "HX-Current-URL": f"http://localhost{before}"}
        with reading_as(client, people.alice):
            answer = client.get(address, headers=headers)
        return answer.headers.get("HX-Push-Url"), answer.headers.get("HX-Replace-Url")

    assert steps("/?q=dana&period=all&show=all&start=&end=", "/") == ("/?q=dana", None)
    assert steps("/?q=dana+l&period=all&show=all&start=&end=", "/?q=dana") == (None, "/?q=dana+l")
    assert steps("/?q=dana&show=missed", "/?q=dana") == ("/?q=dana&show=missed", None)
    assert steps("/?q=", "/?q=dana") == ("/", None)
